# SPDX-License-Identifier: Apache-2.0
"""Proxies between clients and a server: each is one hop more, with counts of its own.

Each tells the server in X-Client who is behind it.
"""
import contextlib
import pathlib
import socket
import subprocess
import time

from processes import Failure, free_port, last_words, spawn, stop

NGINX = """
daemon off;
user root;
worker_processes 1;
pid {dir}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  server {{
    listen 127.0.0.1:{front};
    location / {{
      proxy_pass http://127.0.0.1:{back};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Client $remote_addr:$remote_port;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 1000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend chat
  bind 127.0.0.1:{front}
  http-request set-header X-Client %[src]:%[src_port]
  default_backend chat
backend chat
  server one 127.0.0.1:{back}
"""

EXTENSIONS = "type.googleapis.com/envoy.extensions.filters"
ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {front}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {extensions}.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: chat
          upgrade_configs: [{{upgrade_type: websocket}}]
          route_config:
            request_headers_to_add:
            - header: {{key: x-client, value: "%DOWNSTREAM_REMOTE_ADDRESS%"}}
            virtual_hosts:
            - name: chat
              domains: ["*"]
              routes: [{{match: {{prefix: /}}, route: {{cluster: chat}}}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": {extensions}.http.router.v3.Router
  clusters:
  - name: chat
    load_assignment:
      cluster_name: chat
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {back}}}}}}}
"""

# By the name that the kernel knows the process by, which names its shard.
PROXIES = {
    "nginx": (NGINX, ("nginx", "-e", "stderr", "-p", "{dir}", "-c", "{config}")),
    "haproxy": (HAPROXY, ("haproxy", "-db", "-f", "{config}")),
    "envoy": (ENVOY, ("{work}/envoy", "-c", "{config}", "--concurrency", "1", "-l", "warn",
                      "--disable-hot-restart")),
}


def start(name: str, back: int, work: pathlib.Path, directory: pathlib.Path,
          stack: contextlib.ExitStack) -> int:
    """Puts the proxy in front of the port `back`; its own port."""
    text, argv = PROXIES[name]
    front = free_port()
    config = directory / ("envoy.yaml" if name == "envoy" else f"{name}.conf")
    config.write_text(text.format(dir=directory, front=front, back=back, extensions=EXTENSIONS),
                      encoding="utf-8")
    log = directory / f"{name}.log"
    argv = [word.format(dir=directory, config=config, work=work) for word in argv]
    process = spawn(argv, log, stdout=subprocess.DEVNULL)
    stack.callback(stop, process)
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", front)).close()
            return front
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise Failure(f"{name} does not listen: {last_words(log)}")
