#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules across hosts against stories, by promtool.

usage: run.py [STORY...]
"""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

import promtool
from stories import STORIES


def main() -> int:
    stories = [make() for make in STORIES]
    if wanted := set(sys.argv[1:]):
        stories = [story for story in stories if story.name in wanted]
    subprocess.run(["promtool", "check", "rules", promtool.RULES], check=True,
                   stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as directory:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            words = list(pool.map(lambda s: promtool.run(s, pathlib.Path(directory)), stories))
    for said in filter(None, words):
        print(said)
    failed = sum(map(bool, words))
    checks = sum(len(story.checks) for story in stories)
    print(f"{len(stories)} stories, {checks} checks: {failed} stories failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
