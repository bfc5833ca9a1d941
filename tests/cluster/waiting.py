# SPDX-License-Identifier: Apache-2.0
"""How long the cluster was kept waiting for a CPU: what a limit of seconds must not hold against it.

The kernel's own word (cpu.pressure, "some", of the cgroup that all of it is in): the time in which one
of its tasks at least could have run and did not. On two idle cores it is a few percent.
"""
import bisect
import pathlib
import threading
import time

LOOK_SECONDS = 0.2
AT_MOST = 5  # times the limit: what has not come then never comes


class Waiting:
    """Use as a context. A kernel without pressure stall information keeps nobody waiting."""

    def __init__(self, cgroup: pathlib.Path):
        self._file = cgroup / "cpu.pressure"
        self._times, self._totals = [time.monotonic()], [self._total()]
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def _total(self) -> float:
        try:
            some = self._file.read_text(encoding="ascii").splitlines()[0]
            return int(some.rpartition("=")[2]) / 1e6
        except OSError:
            return 0

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            total = self._total()
            self._totals.append(total)  # first, for a time that is there has a total
            self._times.append(time.monotonic())

    def __enter__(self):
        self._watcher.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._watcher.join()

    def _until(self, at: float) -> float:
        return self._totals[max(0, bisect.bisect_right(self._times, at) - 1)]

    def between(self, began: float, ended: float) -> float:
        """Seconds of waiting; both are times of time.monotonic()."""
        return self._until(ended) - self._until(began)

    def own(self, began: float, ended: float) -> float:
        """Seconds of the span that were the cluster's to use."""
        return ended - began - self.between(began, ended)

    def over(self, began: float, seconds: float) -> bool:
        """Has it had `seconds` of its own since `began`, or far more of anybody's?"""
        now = time.monotonic()
        return self.own(began, now) > seconds or now - began > AT_MOST * seconds
