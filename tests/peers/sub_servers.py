# SPDX-License-Identifier: Apache-2.0
"""Servers of the protocols inside WebSocket, and how each is started. A new one is one more line.

Not here: what the clients do (sub_scenario.py) and what the agent must say (sub_verdict.py).
"""
import contextlib
import dataclasses
import pathlib
import socket
import subprocess
import time

import sub_rabbitmq
from cgroups import inside
from processes import Failure, JsonProcess, last_words, spawn, stop


@dataclasses.dataclass(frozen=True)
class Place:
    """Where one run happens."""

    work: pathlib.Path  # what setup.sh filled
    directory: pathlib.Path  # logs and the server's own files
    cgroup: str
    port: int  # of the server
    stack: contextlib.ExitStack

    def spawn(self, name: str, argv, **options) -> subprocess.Popen:
        """Starts a program in the cgroup, to be stopped with the run."""
        process = spawn(inside(self.cgroup, argv), self.directory / f"{name}.log",
                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)
        self.stack.callback(stop, process)
        return process

    def run(self, name: str, argv, seconds: float = 10, port: int = 0, **options) -> None:
        """A server that is not ours; up once its port (the run's, if not given) accepts."""
        port = port or self.port
        process = self.spawn(name, argv, **options)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                return
            time.sleep(0.05)
        raise Failure(f"{name} does not listen on port {port}: "
                      + last_words(self.directory / f"{name}.log"))

    def talk(self, name: str, argv) -> JsonProcess:
        """One of ours, that says when it is up and counts what it received."""
        process = self.stack.enter_context(
            JsonProcess(name, inside(self.cgroup, argv), self.directory / f"{name}.log"))
        process.hear()
        return process


def library(protocol: str, mode: str = ""):
    """server.js with the protocol's own library."""
    return lambda place: place.talk("server", [
        "node", f"{place.work}/subprotocols/server.js", protocol, str(place.port), mode])


@dataclasses.dataclass(frozen=True)
class Server:
    protocol: str  # PROTOCOL.js is how clients speak it
    start: object  # Place -> JsonProcess, or None where the server cannot be asked
    path: str = "/"
    classes: str = ""  # what the shard's `clients` says; without, every message is an event
    mode: str = ""  # a word to the clients
    beats: bool = True  # heartbeats pass both ways within seconds
    hangs_up: bool = False  # closes TCP without waiting for the client's close frame
    packs_all: bool = False  # compresses what is `other` too, and no opcode tells that it is
    inside: str = "one"  # in a message of WebSocket; or "several", now and then, or "pieces"
    largest: int = 70000  # bytes in an event


# It does not start with WebSocket alone, and it stalls with what a socket does not take at once.
MOSQUITTO = """
listener 0 {dir}/mqtt.sock
listener {port} 127.0.0.1
protocol websockets
allow_anonymous true
user root
max_queued_messages 0
set_tcp_nodelay true
"""

PROSODY = """
run_as_root = true
daemonize = false
pidfile = "{dir}/prosody.pid"
data_path = "{dir}"
log = {{ warn = "*stderr" }}
modules_enabled = {{ "websocket", "smacks", "roster", "saslauth", "disco", "ping" }}
modules_disabled = {{ "s2s", "tls" }}
c2s_require_encryption = false
consider_websocket_secure = true
authentication = "anonymous"
c2s_ports, c2s_direct_tls_ports, s2s_ports, https_ports = {{}}, {{}}, {{}}, {{}}
http_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {port} }}
VirtualHost "localhost"
Component "rooms.localhost" "muc"
  muc_room_locking = false
  max_history_messages = 0
"""

NATS = """
listen: "127.0.0.1:-1"
ping_interval: "3s"
websocket {{ listen: "127.0.0.1:{port}", no_tls: true }}
"""


def configured(name: str, text: str, *argv):
    """A server of the distribution with a configuration of its own; {config} is its path."""
    def start(place: Place) -> None:
        config = place.directory / f"{name}.cfg.lua"
        config.write_text(text.format(dir=place.directory, port=place.port), encoding="utf-8")
        place.run(name, [name, *(word.format(config=config) for word in argv)])
    return start


def centrifuge(place: Place) -> JsonProcess:
    return place.talk("centrifuge", [f"{place.work}/centrifuge", str(place.port)])


SERVERS = {
    "socketio": Server("socketio", library("socketio"), classes="events: socketio"),
    "socketio-deflate": Server("socketio", library("socketio", "deflate"), mode="deflate",
                               classes="events: socketio"),
    # Bytes of its serializer; the server is a stand-in.
    "phoenix-serializer": Server("phoenix", library("phoenix"), "/socket",
                                 classes="events: phoenix"),
    "mosquitto": Server("mqtt", configured("mosquitto", MOSQUITTO, "-c", "{config}"), "/mqtt",
                        classes="events: mqtt", inside="pieces", largest=4096),
    # Not told: every message of WebSocket is an event, and no packet of MQTT.
    "mosquitto-untold": Server("mqtt", configured("mosquitto", MOSQUITTO, "-c", "{config}"),
                               "/mqtt", inside="pieces", largest=4096),
    "prosody": Server("xmpp", configured("prosody", PROSODY, "--config", "{config}"),
                      "/xmpp-websocket", classes="events: xmpp", hangs_up=True),
    "rabbitmq": Server("stomp", sub_rabbitmq.start, "/ws", classes="events: stomp", packs_all=True),
    "nats-server": Server("nats", configured("nats-server", NATS, "-c", "{config}"),
                          classes="events: nats", inside="several"),
    "centrifuge": Server("centrifugo", centrifuge, "/connection/websocket",
                         classes="events: centrifugo", inside="several"),
    "centrifuge-protobuf": Server("centrifugo_protobuf", centrifuge,
                                  "/connection/websocket?cf_protocol=protobuf",
                                  classes="events: centrifugo-protobuf", inside="several"),
    "graphql-ws": Server("graphql", library("graphql"), classes="events: graphql-ws"),
    # The same said by hand.
    "json-key": Server("graphql", library("graphql"),
                       classes="events: {json_key: type, in: [next, subscribe]}, "
                               "heartbeats: {json_key: type, in: [ping, pong]}"),
    "sockjs": Server("sockjs", library("sockjs"), "/chat/000", classes="events: sockjs",
                     beats=False, inside="several"),
}
