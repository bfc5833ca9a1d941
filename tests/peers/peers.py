# SPDX-License-Identifier: Apache-2.0
"""The table of peers and how each is started. A new peer is one more line here.

Not here: what the peers then do (scenario.py) and what the agent must say (verdict.py).
"""
import contextlib
import dataclasses
import pathlib
import socket
import subprocess
import time

from processes import Failure, JsonProcess, free_port, last_words, spawn, stop


@dataclasses.dataclass(frozen=True)
class Peer:
    server: tuple  # argv; {dir} is where setup.sh built things
    hosts: tuple = ("127.0.0.1",)  # the clients take them in turn
    offer: str = "plain"  # "deflate": clients offer permessage-deflate and must be granted it
    proxied: bool = False  # nginx stands between clients and server


PEERS = {
    "node-ws": Peer(("node", "{dir}/node/server.js", "plain", "127.0.0.1")),
    "node-ws-deflate": Peer(("node", "{dir}/node/server.js", "deflate", "127.0.0.1"),
                            offer="deflate"),
    "gorilla": Peer(("{dir}/go/gorilla", "[::1]:0"), hosts=("[::1]",)),
    "coder": Peer(("{dir}/go/coder", "[::]:0"), hosts=("127.0.0.1", "[::1]")),  # dual stack
    "beast": Peer(("{dir}/beast/beast", "127.0.0.1")),
    "aiohttp": Peer(("{dir}/python/venv/bin/python", "{dir}/python/server.py", "127.0.0.1"),
                    offer="deflate"),
    "nginx": Peer(("node", "{dir}/node/server.js", "plain", "127.0.0.1"), proxied=True),
}

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


@dataclasses.dataclass
class Running:
    """A peer with its clients, ready for the scenario."""

    server: JsonProcess
    clients: JsonProcess
    port: int  # the server's own
    front: int = 0  # nginx's; 0 without


def start_nginx(back: int, directory: pathlib.Path, stack: contextlib.ExitStack) -> int:
    front = free_port()
    config = directory / "nginx.conf"
    config.write_text(NGINX.format(dir=directory, front=front, back=back), encoding="utf-8")
    log = directory / "nginx.log"
    process = spawn(["nginx", "-e", "stderr", "-p", directory, "-c", config], log,
                    stdout=subprocess.DEVNULL)
    stack.callback(stop, process)
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", front)).close()
            return front
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise Failure(f"nginx does not listen: {last_words(log)}")


def start(peer: Peer, work: pathlib.Path, directory: pathlib.Path,
          stack: contextlib.ExitStack) -> Running:
    argv = [word.format(dir=work) for word in peer.server]
    server = stack.enter_context(JsonProcess("the server", argv, directory / "server.log"))
    port = server.hear()["port"]
    front = start_nginx(port, directory, stack) if peer.proxied else 0
    urls = [f"ws://{host}:{front or port}/" for host in peer.hosts]
    argv = ["node", f"{work}/node/clients.js", peer.offer, *urls]
    clients = stack.enter_context(JsonProcess("the clients", argv, directory / "clients.log"))
    return Running(server, clients, port, front)
