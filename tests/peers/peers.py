# SPDX-License-Identifier: Apache-2.0
"""The table of peers and how each is started. A new peer is one more line here.

Not here: what the peers then do (scenario.py) and what the agent must say (verdict.py).
"""
import contextlib
import dataclasses
import pathlib

import proxies
from processes import JsonProcess


@dataclasses.dataclass(frozen=True)
class Peer:
    server: tuple  # argv; {dir} is where setup.sh built things
    hosts: tuple = ("127.0.0.1",)  # the clients take them in turn
    offer: str = "plain"  # "deflate": clients offer permessage-deflate and must be granted it
    proxy: str = ""  # one of PROXIES stands between clients and server


PEERS = {
    "node-ws": Peer(("node", "{dir}/node/server.js", "plain", "127.0.0.1")),
    "node-ws-deflate": Peer(("node", "{dir}/node/server.js", "deflate", "127.0.0.1"),
                            offer="deflate"),
    "gorilla": Peer(("{dir}/go/gorilla", "[::1]:0"), hosts=("[::1]",)),
    "coder": Peer(("{dir}/go/coder", "[::]:0"), hosts=("127.0.0.1", "[::1]")),  # dual stack
    "beast": Peer(("{dir}/beast/beast", "127.0.0.1")),
    "aiohttp": Peer(("{dir}/python/venv/bin/python", "{dir}/python/server.py", "127.0.0.1"),
                    offer="deflate"),
    "nginx": Peer(("node", "{dir}/node/server.js", "plain", "127.0.0.1"), proxy="nginx"),
    "haproxy": Peer(("node", "{dir}/node/server.js", "plain", "127.0.0.1"), proxy="haproxy"),
    "envoy": Peer(("node", "{dir}/node/server.js", "plain", "127.0.0.1"), proxy="envoy"),
}

@dataclasses.dataclass
class Running:
    """A peer with its clients, ready for the scenario."""

    server: JsonProcess
    clients: JsonProcess
    port: int  # the server's own
    front: int = 0  # the proxy's; 0 without
    proxy: str = ""


def start(peer: Peer, work: pathlib.Path, directory: pathlib.Path,
          stack: contextlib.ExitStack) -> Running:
    argv = [word.format(dir=work) for word in peer.server]
    server = stack.enter_context(JsonProcess("the server", argv, directory / "server.log"))
    port = server.hear()["port"]
    front = (proxies.start(peer.proxy, port, work, directory, stack)
             if peer.proxy else 0)
    urls = [f"ws://{host}:{front or port}/" for host in peer.hosts]
    argv = ["node", f"{work}/node/clients.js", peer.offer, *urls]
    clients = stack.enter_context(JsonProcess("the clients", argv, directory / "clients.log"))
    return Running(server, clients, port, front, peer.proxy)
