# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager, and a diary of what it was told and when."""
import dataclasses
import pathlib
import shutil
import subprocess
import threading
import time

import web
from agent import parse_metrics
from processes import Failure, spawn, stop
from waiting import Waiting

PROGRAM = "prometheus-alertmanager"  # Debian's package of that name
START_SECONDS = 60  # patience, no demand
LOOK_SECONDS = 0.2


@dataclasses.dataclass
class Firing:
    """One alert, from the moment it was seen to fire to the moment it was gone."""

    labels: dict
    annotations: dict
    at: float  # time.monotonic() of the first sight
    gone: float | None = None

    @property
    def name(self) -> str:
        return self.labels["alertname"]

    @property
    def node(self) -> str:
        return self.labels.get("node", "")  # what concerns a shard as a whole has none

    @property
    def severity(self) -> str:
        return self.labels["severity"]

    def __str__(self) -> str:
        peer = f" to {self.labels['peer']}" if self.labels.get("peer") else ""
        return f"{self.severity} {self.name} {self.node}{peer}"


class Alertmanager:
    def __init__(self, address: str, directory: pathlib.Path, log: pathlib.Path, waiting: Waiting):
        self.url = f"http://{address}:9093"
        self._directory, self._log = directory, log
        self._waiting = waiting
        self._stopping = threading.Event()
        self.diary: list[Firing] = []  # appended to by the watcher only

    def __enter__(self):
        program = shutil.which(PROGRAM)
        if not program:
            raise Failure(f"{PROGRAM} is not installed")
        config = self._directory / "alertmanager.yml"
        config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n",
                          encoding="utf-8")
        storage = self._directory / "alertmanager"
        self._process = spawn(
            [program, f"--config.file={config}", f"--storage.path={storage}",
             f"--web.listen-address={self.url[7:]}", "--cluster.listen-address="],
            self._log, stdout=subprocess.DEVNULL)
        try:
            web.wait_for("Alertmanager is ready", lambda: web.get(f"{self.url}/-/ready"),
                         START_SECONDS)
        except BaseException:
            stop(self._process)
            raise
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._watcher.join()
        stop(self._process)

    def _watch(self) -> None:
        open_now: dict[tuple, Firing] = {}
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                alerts = web.get_json(f"{self.url}/api/v2/alerts")
            except OSError:
                continue  # busy; the next look finds it
            now, seen = time.monotonic(), set()
            for alert in alerts:
                key = tuple(sorted(alert["labels"].items()))
                seen.add(key)
                if key not in open_now:
                    open_now[key] = Firing(alert["labels"], alert["annotations"], now)
                    self.diary.append(open_now[key])
                open_now[key].annotations = alert["annotations"]
            for key in open_now.keys() - seen:
                open_now.pop(key).gone = now

    def firing(self, name: str | None = None, node: str | None = None) -> list[Firing]:
        return [f for f in list(self.diary) if f.gone is None
                and name in (None, f.name) and node in (None, f.node)]

    def await_firing(self, name: str, node: str, since: float, seconds: float,
                     severity: str | None = None) -> Firing | None:
        """The first such alert seen after `since`; None when there is none within `seconds` of that in
        which the cluster could run.
        """
        while True:
            for firing in list(self.diary):
                if ((firing.name, firing.node) == (name, node) and firing.at >= since
                        and severity in (None, firing.severity)
                        and self._waiting.own(since, firing.at) <= seconds):
                    return firing
            if self._waiting.over(since, seconds):
                return None
            time.sleep(0.05)

    def received(self) -> int:
        """How many firing alerts it was ever told, by its own count."""
        samples = parse_metrics(web.get(f"{self.url}/metrics"))
        return int(sum(s.value for s in samples if s.name == "alertmanager_alerts_received_total"
                       and s.labels.get("status") == "firing"))
