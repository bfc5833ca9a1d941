#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts of the agent by class against servers of the protocols inside WebSocket; what tcpdump saw of
it, replayed, gives the same.

usage: sub_run.py [NAME...] (--fanfare PATH | --truth-only) --work DIR
DIR is the one that setup.sh filled; logs are left in DIR/run/NAME. Needs root.
"""
import argparse
import contextlib
import pathlib
import shutil
import sys
import time

import outer
import pcap
import sub_scenario
import sub_verdict
from agent import Agent
from cgroups import Cgroups
from processes import Failure, free_port
from sub_servers import SERVERS, Place

CONFIG = """node: peers
cluster: peers
shards:
  - name: {shard}
    match: {{listen_ports: [{port}]}}
"""


def play(plan, agent, place: Place) -> list:
    """The scenario; the truth at its end, to which the agent has been equal."""
    server = plan.start(place)
    clients = place.talk("clients", [
        "node", f"{place.work}/subprotocols/clients.js", plan.protocol,
        f"ws://127.0.0.1:{place.port}{plan.path}", plan.mode])
    room = sub_scenario.Room(plan, clients, server)

    def checkpoint() -> None:
        if agent:
            sub_verdict.check(agent, room.report, plan)

    sub_scenario.play(room, plan.largest, checkpoint)
    return room.report()


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
        recording = stack.enter_context(pcap.Recording(port, directory)) if fanfare else None
        with contextlib.ExitStack() as processes:
            records = play(plan, agent, Place(work, directory, cgroup, port, processes))
        if agent:  # all connections have closed
            closes = sum(record["closes"]["in"] for record in records)
            pcap.check(fanfare, recording, agent, unseen_closes=closes * SERVERS[name].hangs_up)
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
    outer.own_network()
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
