# SPDX-License-Identifier: Apache-2.0
"""A real Grafana on this machine's loopback, with the committed dashboards and one data source."""
import json
import os
import pathlib
import subprocess
import tempfile

import web
from processes import Failure, free_port, spawn, stop

DASHBOARDS = pathlib.Path(__file__).resolve().parents[2] / "dashboards/grafana"
START_SECONDS = 300  # a new data base is made first


class Grafana:
    """Use as a context. `home` is an unpacked Grafana: bin/grafana, conf, public."""

    def __init__(self, home: pathlib.Path, prometheus: str, log: pathlib.Path):
        if not (home / "bin/grafana").is_file():
            raise Failure(f"{home} has no bin/grafana: --grafana takes the directory of an unpacked Grafana")
        self._home, self._prometheus, self._log = home.resolve(), prometheus, log
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="fanfare-grafana-")
        own = pathlib.Path(self._directory.name)
        self._provision(own / "provisioning")
        self._process = spawn([self._home / "bin/grafana", "server", "--homepath", self._home], self._log,
                              env=os.environ | self._settings(own), stdout=subprocess.DEVNULL)
        try:
            web.wait_for("Grafana is ready", lambda: "ok" in web.get(f"{self.url}/api/health"), START_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        stop(self._process)
        self._directory.cleanup()

    def _provision(self, directory: pathlib.Path) -> None:
        sources = {"apiVersion": 1, "datasources": [{
            "name": "Prometheus", "uid": "prometheus", "type": "prometheus", "access": "proxy",
            "url": self._prometheus, "isDefault": True, "jsonData": {"timeInterval": "5s"}}]}
        providers = {"apiVersion": 1, "providers": [{
            "name": "fanfare", "type": "file", "options": {"path": str(DASHBOARDS)}}]}
        for name, content in (("datasources", sources), ("dashboards", providers)):
            (directory / name).mkdir(parents=True)
            (directory / name / "fanfare.yaml").write_text(json.dumps(content), encoding="utf-8")

    def _settings(self, own: pathlib.Path) -> dict[str, str]:
        """Nobody logs in, and nothing is asked of the internet."""
        return {f"GF_{name}": value for name, value in {
            "SERVER_HTTP_ADDR": "127.0.0.1", "SERVER_HTTP_PORT": str(self._port),
            "PATHS_DATA": str(own / "data"), "PATHS_LOGS": str(own / "logs"),
            "PATHS_PLUGINS": str(own / "plugins"), "PATHS_PROVISIONING": str(own / "provisioning"),
            "AUTH_ANONYMOUS_ENABLED": "true", "AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
            "ANALYTICS_REPORTING_ENABLED": "false", "ANALYTICS_CHECK_FOR_UPDATES": "false",
            "ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false", "ANALYTICS_FEEDBACK_LINKS_ENABLED": "false",
            "PLUGINS_PREINSTALL_DISABLED": "true", "PLUGINS_PLUGIN_ADMIN_ENABLED": "false",
            "NEWS_NEWS_FEED_ENABLED": "false", "USERS_DEFAULT_THEME": "light",
            "LOG_MODE": "console", "LOG_LEVEL": "warn"}.items()}
