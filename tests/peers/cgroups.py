# SPDX-License-Identifier: Apache-2.0
"""Cgroups of a test's own below the root of the v2 tree; gone when the context is left."""
import os
import pathlib
import sys
import time

from processes import Failure


def cgroup_root() -> pathlib.Path:
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            _, where, kind, *_ = line.split()
            if kind == "cgroup2":
                return pathlib.Path(where)
    raise Failure("no cgroup v2 tree is mounted")


def home_cgroup() -> pathlib.Path:
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        for line in file:
            if line.startswith("0::/"):
                return cgroup_root() / line[4:].strip()
    raise Failure("this process is in no cgroup v2")


def inside(cgroup: str, argv) -> list:
    """The command that runs `argv` in the cgroup: every socket it makes belongs there."""
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup, *argv]


class Cgroups:
    """One for each name; their paths are in `paths`."""

    def __init__(self, purpose: str, names):
        self._purpose, self._names = purpose, names

    def __enter__(self):
        self._top = cgroup_root() / f"fanfare-{self._purpose}-{os.getpid()}"
        self.paths = {name: str(self._top / name) for name in self._names}
        for path in self.paths.values():
            pathlib.Path(path).mkdir(parents=True)
        return self

    def __exit__(self, *_):
        for path in (*self._top.iterdir(), self._top):
            if path.is_dir():
                self._remove(path)

    @staticmethod
    def _remove(path: pathlib.Path) -> None:
        for _ in range(50):
            try:
                path.rmdir()
                return
            except OSError:  # a process that was told to end has not ended yet
                time.sleep(0.1)
        print(f"{path} is left behind", file=sys.stderr)
