#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What fanfare costs, as one JSON document on stdout; progress on stderr.

Ratios within one run, medians of alternating rounds. A missed target is said, and is no error:
the exit code is 0 when every figure could be measured, 1 when one could not, 4 without privilege.
"""
import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import beside
import churn
import classes
import configured
import identity
import mqtt
import node
import replication
import run_time
import scale
import send_time
from report import machine, say
from surroundings import Agent, Cgroups, Failure, Meter

GROUPS = {
    "matched": run_time.matched,
    "unmatched": run_time.unmatched,
    "further_frame": run_time.further_frame,
    "send": send_time.fan_out_send,
    "node": node.broadcast_throughput,
    "churn": churn.connections,
    "scale": scale.many_sockets,
    "replication": replication.appends,
    "identity": identity.identities,
    "classes": classes.classes,
    "mqtt": mqtt.mqtt,
    "configured": configured.elsewhere,
    "beside": beside.other_build,
}
LIMIT_SECONDS, QUICK_LIMIT_SECONDS, BESIDE_SECONDS = 14 * 60, 115, 60 * 60


class Bench:
    """What a group of figures may use."""

    def __init__(self, options, work: pathlib.Path, cgroups: Cgroups, meter: Meter):
        self.build = options.build.resolve()
        self.beside = options.beside and options.beside.resolve()
        self.bench_load = self.build / "bench_load"
        self.quick, self.work, self.cgroups, self.meter = options.quick, work, cgroups, meter
        self.rounds = 3 if options.quick else 7

    def scaled(self, full: int) -> int:
        return max(100, full // 25) if self.quick else full

    def scaled_bursts(self, full: int) -> int:
        return max(3, full // 10) if self.quick else full

    def agent(self, cgroup: str, config: str = "node: bench\n", build=None) -> Agent:
        return Agent((build or self.build) / "fanfare", cgroup, self.work, config)


def measure(bench: Bench, names: list[str]) -> dict:
    figures, failed = [], {}
    for position, name in enumerate(names):
        say(f"{name} ({position + 1} of {len(names)})")
        try:
            figures += GROUPS[name](bench)
        except (Failure, OSError) as error:
            failed[name] = str(error)
            say(f"  not measured: {error}")
        except TimeoutError:
            failed.update({late: "the benchmark's time was up" for late in names[position:]})
            break
    return {"figures": figures, "failed": failed}


class TimeIsUp(TimeoutError):
    pass


def time_is_up(*_):
    raise TimeIsUp


def asked_to_stop(*_):
    raise KeyboardInterrupt


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--beside", type=pathlib.Path, metavar="BUILD",
                        help="another build: what a segment costs beside it")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work at all?")
    parser.add_argument("--only", choices=GROUPS, action="append",
                        help="may be given several times")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    if os.geteuid() != 0:
        print("the benchmark loads kernel programs: run it as root", file=sys.stderr)
        return 4
    for stopping in (signal.SIGINT, signal.SIGTERM):  # set: a shell's background job ignores SIGINT
        signal.signal(stopping, asked_to_stop)
    signal.signal(signal.SIGALRM, time_is_up)
    limit = QUICK_LIMIT_SECONDS if options.quick else LIMIT_SECONDS
    signal.alarm(limit + (BESIDE_SECONDS if options.beside else 0))
    document, began = {"machine": machine(), "quick": options.quick}, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fanfare-bench-") as directory:
        work = pathlib.Path(directory)
        with Cgroups() as cgroups, Meter(options.build.resolve() / "bench_load", work) as meter:
            meter.ask("attach_empty", cgroup=cgroups.empty)
            bench = Bench(options, work, cgroups, meter)
            document |= measure(bench, options.only or list(GROUPS))
    document["seconds"] = round(time.monotonic() - began)
    print(json.dumps(document, indent=2))
    return 1 if document["failed"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
