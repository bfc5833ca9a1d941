#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts of three agents against three nodes on hashicorp/raft; equality or failure.

usage: raft_run.py (newest|oldest) (--fanfare PATH | --truth-only) --work DIR
DIR is the one that setup.sh filled; logs are left in DIR/run/raft-RELEASE. Needs root.
"""
import argparse
import pathlib
import shutil
import sys
import time

import outer
import raft_scenario
import raft_verdict
from processes import Failure
from raft_cluster import COUNTS, Cluster

RELEASES = ("newest", "oldest")


def run(release: str, fanfare: pathlib.Path | None, work: pathlib.Path) -> str:
    """Plays the scenario with one release; the words for the summary."""
    directory = work / "run" / f"raft-{release}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    last = {}
    with Cluster(work / "raft" / release, fanfare, directory) as cluster:
        def checkpoint(leader: str, index: int) -> None:
            if fanfare:
                raft_verdict.check(cluster, leader, index)
            last.update({what: raft_scenario.total(cluster, what) for what in COUNTS})

        raft_scenario.play(cluster, checkpoint)
    return ", ".join(f"{number} {what}" for what, number in last.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help=f"of {', '.join(RELEASES)}")
    parser.add_argument("--fanfare", type=pathlib.Path, help="the binary under test")
    parser.add_argument("--truth-only", action="store_true", help="no agents: the nodes alone")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="what setup.sh was given")
    options = parser.parse_args()
    if bool(options.fanfare) == options.truth_only:
        parser.error("give either --fanfare or --truth-only")
    if unknown := set(options.releases) - set(RELEASES):
        parser.error(f"no such release: {', '.join(unknown)}")
    verb = "without agents" if options.truth_only else "equal to the last entry"
    outer.own_network()
    failed = 0
    for release in options.releases or RELEASES:
        began = time.monotonic()
        try:
            words = run(release, options.fanfare, options.work.resolve())
            print(f"raft {release}: {words}, {verb} ({time.monotonic() - began:.1f} s)", flush=True)
        except Failure as failure:
            failed += 1
            print(f"raft {release}: FAILED after {time.monotonic() - began:.1f} s: {failure}",
                  flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
