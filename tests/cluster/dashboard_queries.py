# SPDX-License-Identifier: Apache-2.0
"""Every query of every dashboard, asked of a real Prometheus as Grafana would ask it."""
import json
import pathlib

from prometheus import Prometheus

GRAFANA = pathlib.Path(__file__).resolve().parents[2] / "dashboards/grafana"


def queries(interval: int) -> dict[str, str]:
    """Expressions by dashboard, panel and legend, all variables at `All`."""
    values = {"__rate_interval": f"{4 * interval}s", "__range": "1h"}  # as Grafana reckons them
    found = {}
    for path in sorted(GRAFANA.glob("*.json")):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        values |= {v["name"]: v["allValue"] for v in dashboard["templating"]["list"]
                   if v["type"] == "query"}
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"]
                for name in sorted(values, key=len, reverse=True):
                    expression = expression.replace(f"${name}", values[name])
                where = f"{dashboard['title']}, {panel['title']} {target['legendFormat']}".strip()
                found[where] = expression
    return found


def without_data(prometheus: Prometheus, interval: int) -> tuple[int, list[str]]:
    """How many queries there are, and those that gave nothing or were refused."""
    every = queries(interval)
    empty = []
    for where, expression in every.items():
        try:
            if not prometheus.query(expression):
                empty.append(where)
        except OSError as error:
            empty.append(f"{where}: {error}")
    return len(every), empty
