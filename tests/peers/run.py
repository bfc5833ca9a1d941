#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts of the agent against WebSocket servers that others wrote; equality or failure.

usage: run.py [NAME...] (--fanfare PATH | --truth-only) --work DIR [--whole-host]
DIR is the one that setup.sh filled; logs are left in DIR/run/NAME. Needs root. With --whole-host the
agent has no scope but the host's, and must not see what else runs here.
"""
import argparse
import contextlib
import pathlib
import shutil
import sys
import time

import outer
import peers
import scenario
from agent import Agent
from processes import Failure
from verdict import Judge


def check_deflate(running, offer: str) -> None:
    wanted = offer == "deflate"
    wrong = [c for c in running.clients.ask("report")["clients"] if c["deflate"] != wanted]
    if wrong:
        raise Failure(f"permessage-deflate: {len(wrong)} connections have it against the plan")


def run(name: str, fanfare: pathlib.Path | None, work: pathlib.Path, whole_host: bool) -> str:
    """Plays the scenario with one peer; the words for the summary."""
    directory = work / "run" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    last = []
    with contextlib.ExitStack() as stack:
        scope = None if whole_host else stack.enter_context(outer.own_cgroup("peers"))
        agent = stack.enter_context(Agent(fanfare, directory, cgroup=scope)) if fanfare else None
        running = peers.start(peers.PEERS[name], work, directory, stack)
        judge = Judge(agent, running) if agent else None

        def checkpoint(links) -> None:
            if judge:
                judge.check(links)
            last[:] = links

        scenario.play(running, checkpoint)
        check_deflate(running, peers.PEERS[name].offer)
    out, into = (sum(getattr(l, k) for l in last) for k in ("events_out", "events_in"))
    return f"{len(last)} sockets, {out} messages out, {into} in"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(peers.PEERS)}")
    parser.add_argument("--fanfare", type=pathlib.Path, help="the binary under test")
    parser.add_argument("--truth-only", action="store_true",
                        help="no agent: servers against clients")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="what setup.sh was given")
    parser.add_argument("--whole-host", action="store_true", help="no cgroup of its own")
    options = parser.parse_args()
    if bool(options.fanfare) == options.truth_only:
        parser.error("give either --fanfare or --truth-only")
    if unknown := set(options.names) - peers.PEERS.keys():
        parser.error(f"no such peer: {', '.join(unknown)}; there are {', '.join(peers.PEERS)}")
    outer.own_network()
    verb = "agree between server and clients" if options.truth_only else "equal to the last message"
    failed = 0
    for name in options.names or peers.PEERS:
        began = time.monotonic()
        try:
            words = run(name, options.fanfare, options.work.resolve(), options.whole_host)
            print(f"{name}: {words}, {verb} ({time.monotonic() - began:.1f} s)", flush=True)
        except Failure as failure:
            failed += 1
            print(f"{name}: FAILED after {time.monotonic() - began:.1f} s: {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
