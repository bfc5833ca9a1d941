#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts of the agent by class against servers of the protocols inside WebSocket.

usage: sub_run.py [NAME...] (--fanfare PATH | --truth-only) --work DIR
DIR is the one that setup.sh filled; logs are left in DIR/run/NAME. Needs root.
"""
import argparse
import contextlib
import pathlib
import shutil
import sys
import time

import sub_verdict
from agent import Agent
from cgroups import Cgroups
from processes import Failure, JsonProcess, free_port
from sub_servers import SERVERS, Place, Server

# On both sides of the length fields of RFC 6455, and of 4096-byte buffers; every way a client
# publishes comes by at least twice.
SIZES = (1, 60, 99, 125, 126, 127, 300, 1500, 4000, 4096, 9000, 65536, 70000)
SETTLE_SECONDS = 20
CONFIG = """node: peers
cluster: peers
shards:
  - name: {shard}
    match: {{listen_ports: [{port}]}}
"""


class Room:
    """The clients, with what each must have been given."""

    def __init__(self, plan: Server, clients: JsonProcess, server: JsonProcess | None):
        self._plan, self._clients, self._server = plan, clients, server
        self._due = []  # events for each client that ever came
        self._open = []

    def report(self) -> list[dict]:
        return self._clients.ask("report")["clients"]

    def connect(self, count: int) -> None:
        self._clients.ask("connect", count=count)
        self._due += [0] * count
        self._open += [True] * count

    def publish(self, sizes, pause_ms: int = 0) -> None:
        self._clients.ask("publish", sizes=sizes, pause_ms=pause_ms)
        events = len(sizes) * sum(self._open)
        self._due = [due + events * is_open for due, is_open in zip(self._due, self._open)]

    def close(self, count: int) -> None:
        self._clients.ask("close", count=count)
        chosen = [index for index, is_open in enumerate(self._open) if is_open][:count]
        for index in chosen:
            self._open[index] = False

    def quarrels(self, beats: int) -> list[str]:
        """Where the clients' counts do not fit each other, the server's, or what was published."""
        clients, words = self.report(), []
        for client, due, is_open in zip(clients, self._due, self._open, strict=True):
            out, where = client["out"], client["local"]
            if (client["delivered"], client["open"]) != (due, is_open):
                words.append(f"{where} got {client['delivered']} events of {due}")
            if out["event"] != client["delivered"] + client["beside"]:
                words.append(f"{where}: its library was given {client['delivered']} and"
                             f" {client['beside']} events, on the wire were {out['event']}")
            for way in ("out", "in"):
                told = sum(client[way][kind] for kind in ("event", "heartbeat", "other"))
                if self._plan.inside == "one" and told != client["messages"][way]:
                    words.append(f"{where}: {told} of {client['messages'][way]} messages {way}")
                if is_open and client[way]["heartbeat"] < beats:
                    words.append(f"{where}: {client[way]['heartbeat']} heartbeats {way}")
        shared = sum(client["shared"][way] for client in clients for way in ("out", "in"))
        if (self._plan.inside == "several") != bool(shared):
            words.append(f"{shared} messages of WebSocket have several inside")
        if self._plan.mode == "deflate":
            for way in ("out", "in"):
                events = sum(client[way]["event"] for client in clients)
                packed = sum(client["packed"][way]["event"] for client in clients)
                if not 0 < packed < events:
                    words.append(f"{packed} of {events} events {way} are compressed, not some")
        if self._server:
            sent = sum(client["in"]["event"] for client in clients)
            if (received := self._server.ask("report")["received"]) != sent:
                words.append(f"the server received {received} events of {sent}")
        return words

    def settle(self, beats: int = 0) -> None:
        """Waits until all that was sent has come, and `beats` heartbeats each way."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while words := self.quarrels(beats if self._plan.beats else 0):
            if time.monotonic() > deadline:
                raise Failure("there is no truth:\n  " + "\n  ".join(words[:10]))
            time.sleep(0.1)


def play(room: Room, largest: int, checkpoint) -> None:
    sizes = [size for size in SIZES if size <= largest]
    room.connect(8)
    room.publish(sizes)
    room.settle(beats=1)
    checkpoint()
    room.close(4)
    room.connect(4)
    room.publish(sizes, pause_ms=5)
    room.settle(beats=1)
    checkpoint()
    room.close(8)
    room.settle()
    checkpoint()


def run(name: str, fanfare: pathlib.Path | None, work: pathlib.Path) -> str:
    """Plays with one server; the words for the summary."""
    plan, directory, port = SERVERS[name], work / "run" / name, free_port()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    config = CONFIG.format(shard=sub_verdict.SHARD, port=port)
    if plan.classes:
        config += f"    clients: {{{plan.classes}}}\n"
    with contextlib.ExitStack() as stack:
        cgroup = stack.enter_context(Cgroups("sub", ["room"])).paths["room"]
        agent = stack.enter_context(Agent(fanfare, directory, config, cgroup)) if fanfare else None
        place = Place(work, directory, cgroup, port, stack)
        server = plan.start(place)
        clients = place.talk("clients", [
            "node", f"{work}/subprotocols/clients.js", plan.protocol,
            f"ws://127.0.0.1:{port}{plan.path}", plan.mode])
        room = Room(plan, clients, server)

        def checkpoint() -> None:
            if agent:
                sub_verdict.check(agent, room.report, plan)

        play(room, plan.largest, checkpoint)
        records = room.report()
    return "; ".join(f"{way}: " + ", ".join(f"{sum(r[way][kind] for r in records)} {kind}"
                                            for kind in ("event", "heartbeat", "other"))
                     for way in ("out", "in"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SERVERS)}")
    parser.add_argument("--fanfare", type=pathlib.Path, help="the binary under test")
    parser.add_argument("--truth-only", action="store_true",
                        help="no agent: servers against clients")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="what setup.sh was given")
    options = parser.parse_args()
    if bool(options.fanfare) == options.truth_only:
        parser.error("give either --fanfare or --truth-only")
    if unknown := set(options.names) - SERVERS.keys():
        parser.error(f"no such server: {', '.join(unknown)}; there are {', '.join(SERVERS)}")
    failed = 0
    for name in options.names or SERVERS:
        began = time.monotonic()
        try:
            words = run(name, options.fanfare, options.work.resolve())
            print(f"{name}: {words} ({time.monotonic() - began:.1f} s)", flush=True)
        except Failure as failure:
            failed += 1
            print(f"{name}: FAILED after {time.monotonic() - began:.1f} s: {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
