#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three hosts, a real replicated chat shard, faults on demand, the agents, a real Alertmanager.

usage: run.py up|demo|SCENARIO... --fanfare PATH --work DIR
DIR is the one that setup.sh filled; logs are left in DIR/run/NAME. Needs root. A scenario ends with
1 when something was missed.
"""
import argparse
import pathlib
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "peers"))

import dark  # noqa: E402
import delivery  # noqa: E402
import demo  # noqa: E402
import hostile  # noqa: E402
import operate  # noqa: E402
import rooms  # noqa: E402
import rules_scenarios  # noqa: E402
import sight  # noqa: E402
from harness import Cluster, Load, end_on_signals  # noqa: E402
from processes import Failure  # noqa: E402
from scenarios import SCENARIOS, Verdict  # noqa: E402

SCENARIOS |= (dark.SCENARIOS | delivery.SCENARIOS | hostile.SCENARIOS | rooms.SCENARIOS
              | rules_scenarios.SCENARIOS | sight.SCENARIOS)
INTERACTIVE = {"up": operate.operate, "demo": demo.play}


def logs_of(name: str, work: pathlib.Path) -> pathlib.Path:
    directory = work / "run" / name
    shutil.rmtree(directory, ignore_errors=True)
    return directory


def judge(name: str, fanfare: pathlib.Path, work: pathlib.Path) -> bool:
    """Plays one scenario; True when nothing was missed."""
    scenario, verdict, began = SCENARIOS[name], Verdict(), time.monotonic()
    print(f"{name}: {scenario.play.__doc__.splitlines()[0]}", flush=True)
    try:
        with Cluster(fanfare, work, logs_of(name, work), scenario.load) as cluster:
            print(f"  up after {time.monotonic() - began:.1f} s", flush=True)
            scenario.play(cluster, verdict)
    except Failure as failure:
        verdict.expect(False, str(failure))
    words = f"{verdict.misses} missed" if verdict.misses else "all as it should be"
    print(f"{name}: {words} ({time.monotonic() - began:.0f} s)", flush=True)
    return verdict.misses == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME",
                        help=f"of {', '.join([*INTERACTIVE, *SCENARIOS])}")
    parser.add_argument("--fanfare", type=pathlib.Path, required=True, help="the binary under test")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="what setup.sh was given")
    options = parser.parse_args()
    if unknown := set(options.names) - INTERACTIVE.keys() - SCENARIOS.keys():
        parser.error(f"no such scenario: {', '.join(unknown)}")
    end_on_signals()
    work = options.work.resolve()
    if options.names[0] in INTERACTIVE:
        name = options.names[0]
        print("bringing up three hosts ...", flush=True)
        with Cluster(options.fanfare, work, logs_of(name, work), Load()) as cluster:
            return INTERACTIVE[name](cluster)
    return 0 if all([judge(name, options.fanfare, work) for name in options.names]) else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"cluster: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
