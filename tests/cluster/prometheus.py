# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus that scrapes the agents and evaluates the rules across hosts."""
import pathlib
import shutil
import subprocess
import tempfile
import urllib.parse

import web
from hosts import SWITCH
from node import METRICS
from processes import Failure, spawn, stop

PROGRAM = "prometheus"  # Debian's package of that name
RULES = pathlib.Path(__file__).resolve().parents[2] / "dashboards/rules/fanfare.rules.yml"
START_SECONDS = 30


class Prometheus:
    """Use as a context. `interval` in seconds is that of scrapes and of the rules."""

    def __init__(self, cluster, interval: int, log: pathlib.Path, tells: bool = True):
        self.url = f"http://{SWITCH}:9090"
        self._cluster, self._interval, self._log, self._tells = cluster, interval, log, tells

    def __enter__(self):
        program = shutil.which(PROGRAM)
        if not program:
            raise Failure(f"{PROGRAM} is not installed")
        self._directory = tempfile.TemporaryDirectory(prefix="fanfare-prometheus-")
        directory = pathlib.Path(self._directory.name)
        (directory / "prometheus.yml").write_text(self._config(), encoding="utf-8")
        rules = RULES.read_text(encoding="utf-8")
        (directory / "fanfare.rules.yml").write_text(
            rules.replace("interval: 15s", f"interval: {self._interval}s"), encoding="utf-8")
        self._process = spawn(
            [program, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/tsdb",
             f"--web.listen-address={self.url[7:]}"], self._log, stdout=subprocess.DEVNULL)
        try:
            web.wait_for("Prometheus is ready", lambda: web.get(f"{self.url}/-/ready"), START_SECONDS)
            nodes = len(self._cluster.nodes)
            web.wait_for("Prometheus has scraped every agent",
                         lambda: len(self.query("fanfare_build_info")) == nodes, START_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        stop(self._process)
        self._directory.cleanup()

    def keep(self, directory: pathlib.Path) -> None:
        """Ends it and leaves there what it has stored."""
        stop(self._process)
        shutil.copytree(f"{self._directory.name}/tsdb", directory)

    def _config(self) -> str:
        targets = ", ".join(f'"{n.host.address}:{METRICS}"' for n in self._cluster.nodes.values())
        alertmanager = self._cluster.alertmanager.url.removeprefix("http://")
        return (f"global: {{scrape_interval: {self._interval}s, evaluation_interval: {self._interval}s}}\n"
                "rule_files: [fanfare.rules.yml]\n"
                "scrape_configs:\n"
                f"  - {{job_name: fanfare, honor_labels: true, static_configs: [{{targets: [{targets}]}}]}}\n"
                + (f"alerting: {{alertmanagers: [{{static_configs: [{{targets: [\"{alertmanager}\"]}}]}}]}}\n"
                   if self._tells else ""))

    def query(self, expression: str) -> list[dict]:
        """The instant vector, as [{"metric": labels, "value": [time, text]}]. OSError when refused."""
        return web.get_json(f"{self.url}/api/v1/query?"
                            + urllib.parse.urlencode({"query": expression}))["data"]["result"]

    def value(self, expression: str) -> float | None:
        """Of the only sample; None where there is none."""
        found = self.query(expression)
        if len(found) > 1:
            raise Failure(f"{expression}: {len(found)} samples where one was due")
        return float(found[0]["value"][1]) if found else None

    def rule_trouble(self) -> list[str]:
        """Rules that failed at their last evaluation, with the reason."""
        groups = web.get_json(f"{self.url}/api/v1/rules")["data"]["groups"]
        return [f"{rule['name']}: {rule.get('lastError')}" for group in groups
                for rule in group["rules"] if rule["health"] == "err"]

    def have_fired(self) -> set[str]:
        """Names of the alerts of the rules that have fired at all, but for the watchdog."""
        found = self.query('group by (alertname, node) '
                           '(max_over_time(ALERTS{alertstate="firing",alertname!="FanfareWatchdog"}[1h]))')
        return {" ".join(filter(None, (s["metric"]["alertname"], s["metric"].get("node"))))
                for s in found}
