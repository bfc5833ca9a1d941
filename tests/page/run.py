#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The live page in a headless Chromium, served by the agents of three hosts under load.

usage: run.py live|pictures --fanfare PATH --work DIR --cluster DIR [--pictures DIR]
The DIRs are those that this and the cluster's setup.sh filled; logs are left in WORK/run. Needs
root. `live` ends with 1 when something was missed; `pictures` makes those of the README.
"""
import argparse
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "cluster"), str(HERE.parent / "peers")]

import live  # noqa: E402
import pictures  # noqa: E402
from browser import Browser  # noqa: E402
from harness import Cluster, Load, end_on_signals  # noqa: E402
from processes import Failure  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["live", "pictures"])
    parser.add_argument("--fanfare", type=pathlib.Path, required=True, help="the binary under test")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="what setup.sh was given")
    parser.add_argument("--cluster", type=pathlib.Path, required=True,
                        help="what the cluster's setup.sh was given")
    parser.add_argument("--pictures", type=pathlib.Path, default=HERE.parents[1] / "dashboards/pictures")
    options = parser.parse_args()
    end_on_signals()
    work = options.work.resolve()
    logs = work / "run"
    shutil.rmtree(logs, ignore_errors=True)
    with Cluster(options.fanfare, options.cluster, logs, Load()) as cluster:
        with Browser(work, logs / "browser.log") as browser:
            if options.what == "pictures":
                return pictures.take(cluster, browser, options.pictures)
            return live.judge(cluster, browser)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"page: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
