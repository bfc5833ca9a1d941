# SPDX-License-Identifier: Apache-2.0
"""Grafana's JSON for panels and dashboards, with what every panel of fanfare has."""
import dataclasses

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
DASHBOARDS = ("fleet", "shard", "host", "agent")
WIDTH = 24  # Grafana's grid
# In every selector; hidden variables, `All` unless an operator says otherwise.
SCRAPED = 'job=~"$job",instance=~"$instance"'


@dataclasses.dataclass(frozen=True)
class Panel:
    title: str
    description: str
    unit: str
    queries: dict  # legend -> expression
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    steps: tuple = ()  # (from this value on, colour); the first holds below it too
    most: float | None = None
    runbooks: tuple = ()
    links: tuple = ()  # (dashboard, label) of a table's cells
    units: dict = dataclasses.field(default_factory=dict)  # of a table's columns, by query


def _thresholds(steps: tuple) -> dict:
    steps = steps or ((None, "green"),)
    return {"mode": "absolute",
            "steps": [{"value": None if i == 0 else value, "color": colour}
                      for i, (value, colour) in enumerate(steps)]}


def _targets(panel: Panel) -> list[dict]:
    instant = panel.kind in ("stat", "table")
    return [{"datasource": SOURCE, "expr": expression, "legendFormat": legend,
             "refId": chr(ord("A") + i), "instant": instant, "range": not instant,
             "format": "table" if panel.kind == "table" else "time_series"}
            for i, (legend, expression) in enumerate(panel.queries.items())]


def _options(kind: str) -> dict:
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value",
                "graphMode": "none"}
    if kind == "table":
        return {"cellHeight": "sm", "showHeader": True}
    return {"legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull"],
                       "sortBy": "Last *", "sortDesc": True},
            "tooltip": {"mode": "multi", "sort": "desc"}}


def _custom(panel: Panel) -> dict:
    if panel.kind != "timeseries":
        return {}
    return {"lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False,
            "thresholdsStyle": {"mode": "dashed" if len(panel.steps) > 1 else "off"}}


def _table(panel: Panel) -> dict:
    """One row for each combination of labels, the queries as columns."""
    letters = [chr(ord("A") + i) for i in range(len(panel.queries))]
    names = {f"Value #{letter}": name for letter, name in zip(letters, panel.queries)}
    overrides = [{"matcher": {"id": "byName", "options": name},
                  "properties": [{"id": "unit", "value": unit}]}
                 for name, unit in panel.units.items()]
    overrides += [{"matcher": {"id": "byName", "options": label}, "properties": [{
        "id": "links", "value": [{
            "title": f"{name} ${{__value.text}}",
            "url": f"/d/fanfare-{name}?${{__url_time_range}}&${{datasource:queryparam}}"
                   f"&var-{label}=${{__value.text}}"}]}]} for name, label in panel.links]
    return {"transformations": [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": names}}],
        "overrides": overrides}


def panel_json(panel: Panel, number: int, x: int, y: int) -> dict:
    table = _table(panel) if panel.kind == "table" else {"transformations": [], "overrides": []}
    defaults = {"unit": panel.unit, "min": 0, "thresholds": _thresholds(panel.steps),
                "color": {"mode": "thresholds" if panel.kind == "stat" else "palette-classic"},
                "custom": _custom(panel)}
    if panel.most is not None:
        defaults["max"] = panel.most
    return {
        "id": number, "type": panel.kind, "title": panel.title, "description": panel.description,
        "datasource": SOURCE, "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "targets": _targets(panel), "options": _options(panel.kind),
        "fieldConfig": {"defaults": defaults, "overrides": table["overrides"]},
        "transformations": table["transformations"],
        "links": [{"title": f"Runbook {name}", "url": f"${{runbooks}}/{name}.md",
                   "targetBlank": True} for name in panel.runbooks]}


def _variable(name: str, label: str, metric: str, hide: int = 0) -> dict:
    query = f"label_values({metric}, {name})"
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": query,
            "definition": query, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
            "allValue": ".+", "current": {"text": ["All"], "value": ["$__all"]}, "hide": hide}


def _variables(names: tuple) -> list[dict]:
    cluster, shard = 'cluster=~"$cluster"', 'shard=~"$shard"'
    all_of_them = {
        "cluster": _variable("cluster", "Cluster", f"fanfare_build_info{{{SCRAPED}}}"),
        "shard": _variable("shard", "Shard", f"fanfare_sockets{{{SCRAPED},{cluster}}}"),
        "node": _variable("node", "Node", f"fanfare_sockets{{{SCRAPED},{cluster},{shard}}}"
                          if "shard" in names else f"fanfare_build_info{{{SCRAPED},{cluster}}}")}
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
         "refresh": 1, "hide": 0, "current": {}},
        _variable("job", "Job", "fanfare_build_info", hide=2),
        _variable("instance", "Instance", 'fanfare_build_info{job=~"$job"}', hide=2),
        *(all_of_them[name] for name in names),
        {"name": "runbooks", "label": "Runbooks", "type": "constant", "hide": 2,
         "query": "https://fanfare.example/runbooks"}]


def dashboard(name: str, description: str, variables: tuple, rows: list) -> dict:
    """`rows` are (title, panels); panels are laid out from left to right."""
    panels, number, y = [], 1, 0
    for title, members in rows:
        panels.append({"id": number, "type": "row", "title": title, "collapsed": False,
                       "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}, "panels": []})
        number, y, x, height = number + 1, y + 1, 0, 0
        for panel in members:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            panels.append(panel_json(panel, number, x, y))
            number, x, height = number + 1, x + panel.width, max(height, panel.height)
        y += height
    links = [{"title": f"fanfare / {other}", "type": "link", "url": f"/d/fanfare-{other}",
              "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "dashboard"}
             for other in DASHBOARDS if other != name]
    return {"uid": f"fanfare-{name}", "title": f"fanfare / {name}", "description": description,
            "tags": ["fanfare"], "schemaVersion": 39, "version": 1, "editable": False,
            "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-1h", "to": "now"},
            "timezone": "browser", "links": links, "annotations": {"list": []},
            "templating": {"list": _variables(variables)}, "panels": panels}
