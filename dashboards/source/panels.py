# SPDX-License-Identifier: Apache-2.0
"""Grafana's JSON for panels and dashboards, with what every panel of fanfare has."""
import dataclasses

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# The variables of each dashboard; of those in SINGLE one value is looked at at a time.
VARIABLES = {"fleet": ("cluster",), "shard": ("cluster", "shard", "node"),
             "host": ("cluster", "node", "shard"), "agent": ("cluster", "node")}
SINGLE = {"shard": ("cluster", "shard"), "host": ("cluster", "node")}
WIDTH = 24  # Grafana's grid
COUNTS = ("short", "mps", "cps")  # units whose axis reaches 1 at least: nothing is no line at 100
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
    soft: float | None = None  # the axis reaches at least here
    runbooks: tuple = ()
    none: str = ""  # in place of "No data", where that is good news
    # Of a table: labels and legends, in their order; what is not named is not shown.
    columns: tuple = ()
    links: tuple = ()  # (dashboard, or "runbook", and label) of cells
    widths: dict = dataclasses.field(default_factory=dict)  # of columns, in pixels
    units: dict = dataclasses.field(default_factory=dict)  # of columns
    colours: dict = dataclasses.field(default_factory=dict)  # of columns: steps, or colours by text
    sort: tuple = ()  # (column, whether the greatest is first)


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


def _options(panel: Panel) -> dict:
    if panel.kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "none",
                "colorMode": "value" if panel.steps else "none"}
    if panel.kind == "table":
        return {"cellHeight": "sm", "showHeader": True,
                "sortBy": [{"displayName": name, "desc": greatest}
                           for name, greatest in filter(None, [panel.sort])]}
    return {"legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull"],
                       "sortBy": "Last *", "sortDesc": True},
            "tooltip": {"mode": "multi", "sort": "desc"}}


def _custom(panel: Panel) -> dict:
    if panel.kind == "table":
        return {"minWidth": 60}  # pixels; with Grafana's own 150 columns are out of sight
    if panel.kind == "stat":
        return {}
    soft = panel.soft or (1 if panel.unit in COUNTS else None)
    return {"lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False,
            "thresholdsStyle": {"mode": "dashed" if len(panel.steps) > 1 else "off"},
            **({"axisSoftMax": soft} if soft else {})}


def _link(to: str, label: str) -> dict:
    if to == "runbook":
        return {"title": "Runbook ${__value.text}", "url": "${runbooks}/${__value.text}.md",
                "targetBlank": True}
    return {"title": f"{to} ${{__value.text}}",
            "url": f"/d/fanfare-{to}?${{__url_time_range}}&${{datasource:queryparam}}"
                   f"&var-cluster=${{__data.fields.cluster}}&var-{label}=${{__value.text}}"}


def _coloured(how) -> list[dict]:
    text = {"id": "custom.cellOptions", "value": {"type": "color-text"}}
    if isinstance(how, dict):
        return [{"id": "mappings", "value": [{"type": "value", "options": {
            word: {"color": colour, "index": i} for i, (word, colour) in enumerate(how.items())}}]}, text]
    return [{"id": "thresholds", "value": _thresholds(how)},
            {"id": "color", "value": {"mode": "thresholds"}}, text]


def _table(panel: Panel) -> dict:
    """One row for each combination of labels, the queries as columns."""
    field = {legend: f"Value #{chr(ord('A') + i)}" if len(panel.queries) > 1 else "Value"
             for i, legend in enumerate(panel.queries)}
    order = [field.get(name, name) for name in panel.columns]
    properties: dict[str, list] = {}
    for name, unit in panel.units.items():
        properties.setdefault(name, []).append({"id": "unit", "value": unit})
    for name, width in panel.widths.items():
        properties.setdefault(name, []).append({"id": "custom.width", "value": width})
    for name, how in panel.colours.items():
        properties.setdefault(name, []).extend(_coloured(how))
    for to, label in panel.links:
        properties.setdefault(label, []).append({"id": "links", "value": [_link(to, label)]})
    return {"transformations": [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {
            "excludeByName": {name: True for name in ("Time", *field.values()) if name not in order},
            "indexByName": {name: i for i, name in enumerate(order)},
            "renameByName": {value: key for key, value in field.items()}}}],
        "overrides": [{"matcher": {"id": "byName", "options": name}, "properties": of}
                      for name, of in properties.items()]}


def panel_json(panel: Panel, number: int, x: int, y: int) -> dict:
    table = _table(panel) if panel.kind == "table" else {"transformations": [], "overrides": []}
    defaults = {"unit": panel.unit, "min": 0, "thresholds": _thresholds(panel.steps),
                "color": {"mode": "thresholds" if panel.kind == "stat" else "palette-classic"},
                "custom": _custom(panel)}
    if panel.most is not None:
        defaults["max"] = panel.most
    if panel.none:
        defaults["noValue"] = panel.none
    return {
        "id": number, "type": panel.kind, "title": panel.title, "description": panel.description,
        "datasource": SOURCE, "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "targets": _targets(panel), "options": _options(panel),
        "fieldConfig": {"defaults": defaults, "overrides": table["overrides"]},
        "transformations": table["transformations"],
        "links": [{"title": f"Runbook {name}", "url": f"${{runbooks}}/{name}.md",
                   "targetBlank": True} for name in panel.runbooks]}


def _variable(name: str, label: str, metric: str, hide: int = 0, single: bool = False) -> dict:
    query = f"label_values({metric}, {name})"
    current = {} if single else {"text": ["All"], "value": ["$__all"]}
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": query,
            "definition": query, "refresh": 2, "sort": 1, "multi": not single,
            "includeAll": not single, "allValue": ".+", "current": current, "hide": hide}


def _variables(dashboard_name: str) -> list[dict]:
    names, single = VARIABLES[dashboard_name], SINGLE.get(dashboard_name, ())
    cluster, shard = 'cluster=~"$cluster"', 'shard=~"$shard"'
    metrics = {
        "cluster": f"fanfare_build_info{{{SCRAPED}}}",
        "shard": f"fanfare_sockets{{{SCRAPED},{cluster}}}",
        "node": f"fanfare_sockets{{{SCRAPED},{cluster},{shard}}}" if "shard" in names[:-1]
                else f"fanfare_build_info{{{SCRAPED},{cluster}}}"}
    if names[-1] == "shard":
        metrics["shard"] = f'fanfare_sockets{{{SCRAPED},{cluster},node=~"$node"}}'
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
         "refresh": 1, "hide": 0, "current": {}},
        _variable("job", "Job", "fanfare_build_info", hide=2),
        _variable("instance", "Instance", 'fanfare_build_info{job=~"$job"}', hide=2),
        *(_variable(name, name.capitalize(), metrics[name], single=name in single) for name in names),
        {"name": "runbooks", "label": "Runbooks", "type": "constant", "hide": 2,
         "query": "https://fanfare.example/runbooks"}]


def _to(name: str, other: str) -> dict:
    """The link from one dashboard to another. `All` is not taken to where one value is due."""
    kept = [v for v in VARIABLES[name] if v in VARIABLES[other]
            and (v in SINGLE.get(name, ()) or v not in SINGLE.get(other, ()))]
    query = "&".join(f"${{{v}:queryparam}}" for v in ("datasource", "job", "instance", *kept))
    return {"title": other, "type": "link", "url": f"/d/fanfare-{other}?{query}",
            "includeVars": False, "keepTime": True, "targetBlank": False, "icon": "dashboard"}


def dashboard(name: str, description: str, rows: list) -> dict:
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
    return {"uid": f"fanfare-{name}", "title": f"fanfare / {name}", "description": description,
            "tags": ["fanfare"], "schemaVersion": 39, "version": 1, "editable": False,
            "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-1h", "to": "now"},
            "timezone": "browser", "links": [_to(name, other) for other in VARIABLES if other != name],
            "annotations": {"list": []},
            "templating": {"list": _variables(name)}, "panels": panels}
