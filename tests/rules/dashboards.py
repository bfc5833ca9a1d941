#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboards are what their source writes, and each panel says what it shows, in which unit,
from which data source, and where to read on.

usage: dashboards.py
"""
import json
import subprocess
import sys

from exported import TOP

GRAFANA, RUNBOOKS = TOP / "dashboards/grafana", TOP / "dashboards/runbooks"
VARIABLES = {"fleet": ["cluster"], "shard": ["cluster", "shard", "node"],
             "host": ["cluster", "node", "shard"], "agent": ["cluster", "node"]}
HIDDEN = ["job", "instance"]
RUNBOOK_OF_CELL = "${runbooks}/${__value.text}.md"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def in_panel(panel: dict, uids: set[str]) -> list[str]:
    found = []
    if len(panel.get("description", "").split()) < 3:
        found.append("no description")
    if not panel["fieldConfig"]["defaults"].get("unit"):
        found.append("no unit")
    if not panel["targets"]:
        found.append("no query")
    if panel["datasource"] != SOURCE or any(t["datasource"] != SOURCE for t in panel["targets"]):
        found.append("another data source than $datasource")
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    if steps[0]["value"] is not None or any(s["value"] is None for s in steps[1:]):
        found.append("thresholds that do not begin below everything")
    for link in panel["links"]:
        name = link["url"].removeprefix("${runbooks}/")
        if not (RUNBOOKS / name).is_file():
            found.append(f"a link to {link['url']}, which is not there")
    for override in panel["fieldConfig"]["overrides"]:
        for link in (link for p in override["properties"] if p["id"] == "links"
                     for link in p["value"]):
            # That every alert has its runbook, named.py sees to.
            if link["url"] != RUNBOOK_OF_CELL and link["url"].split("?")[0].removeprefix("/d/") not in uids:
                found.append(f"a link to {link['url']}, which is not there")
    return found


def in_dashboard(name: str, made: dict, uids: set[str]) -> list[str]:
    found, dashboard = [], made[name]
    if "__inputs" in dashboard or dashboard["editable"] or dashboard["uid"] != f"fanfare-{name}":
        found.append("asks for inputs, is editable, or has another uid")
    due = ["datasource", *HIDDEN, *VARIABLES[name], "runbooks"]
    if [v["name"] for v in dashboard["templating"]["list"]] != due:
        found.append(f"its variables are not {due}")
    others = {f"/d/{uid}" for uid in uids} - {f"/d/fanfare-{name}"}
    if {link["url"].split("?")[0] for link in dashboard["links"]} != others:
        found.append(f"it does not link to {others}")
    for link in dashboard["links"]:
        single = {v["name"] for v in made[link["title"]]["templating"]["list"] if v.get("multi") is False}
        several = {v["name"] for v in dashboard["templating"]["list"] if v.get("multi")}
        found += [f"{link['url']} takes `All` of {name} to where one is due"
                  for name in sorted(single & several) if f"${{{name}:queryparam}}" in link["url"]]
    panels = dashboard["panels"]
    if len({p["id"] for p in panels}) != len(panels):
        found.append("two panels with one id")
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        if cells & taken or place["x"] + place["w"] > 24:
            found.append(f"{panel['title']}: lies over another, or outside")
        taken |= cells
        if panel["type"] != "row":
            found += [f"{panel['title']}: {what}" for what in in_panel(panel, uids)]
    if not any(p.get("links") for p in panels):
        found.append("no link to any runbook")
    return found


def main() -> int:
    found = []
    current = subprocess.run([sys.executable, TOP / "dashboards/source/generate.py", "--check"],
                             capture_output=True, text=True)
    found += (current.stdout + current.stderr).splitlines()
    made = {path.stem.removeprefix("fanfare-"): json.loads(path.read_text(encoding="utf-8"))
            for path in GRAFANA.glob("*.json")}
    if made.keys() != VARIABLES.keys():
        found.append(f"dashboards: {sorted(made)}, due: {sorted(VARIABLES)}")
    uids = {dashboard["uid"] for dashboard in made.values()}
    for name in sorted(made):
        found += [f"{name}: {what}" for what in in_dashboard(name, made, uids)]
    panels = sum(p["type"] != "row" for d in made.values() for p in d["panels"])
    print("\n".join(found + [f"{len(made)} dashboards, {panels} panels: {len(found)} wrong"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
