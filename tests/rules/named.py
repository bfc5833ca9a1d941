#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever rules, dashboards and runbooks name is there: metrics, labels, alerts, runbooks,
commands and their options.

usage: named.py --fanfare PATH
"""
import argparse
import functools
import json
import pathlib
import re
import subprocess
import sys

import yaml

from exported import FOREIGN, TOP, complaints, exported
from promtool import RULES

RUNBOOKS, GRAFANA = TOP / "dashboards/runbooks", TOP / "dashboards/grafana"
PREFIX = "https://fanfare.example/runbooks/"
SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "How to prove it false"]
ALERT = re.compile(r"\bFanfare[A-Z]\w+")
# The agent's alerts: the constants that its rules are made of.
AGENT_ALERTS = re.compile(r'alert_\w+ = "(Fanfare\w+)"')
COMMAND = re.compile(r"(?:^ {4}|`|[;|] )fanfare ([a-z]+)([^`|;#\n]*)", re.M)
CODE = re.compile(r"`[^`\n]+`|^ {4}.*$", re.M)


def rules() -> list[dict]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def known_series() -> dict[str, set[str]]:
    every = set().union(*exported().values()) | {"window", "src", "dst"}
    recorded = {rule["record"]: every for rule in rules() if "record" in rule}
    return exported() | FOREIGN | recorded


def in_rules(known: dict) -> list[str]:
    found = []
    for rule in rules():
        where = rule.get("record") or rule["alert"]
        found += complaints(where, rule["expr"], known)
        if "alert" in rule:
            annotations, name = rule["annotations"], rule["alert"]
            if annotations["runbook_url"] != f"{PREFIX}{name}.md":
                found.append(f"{name}: runbook_url {annotations['runbook_url']}")
            found += [f"{name}: no {key}" for key in ("summary", "description")
                      if not annotations.get(key)]
    return found


def panels(dashboard: dict):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def in_dashboards(known: dict) -> list[str]:
    found = []
    for path in sorted(GRAFANA.glob("*.json")):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                found += complaints(f"{path.name}, {panel['title']}", target["expr"], known)
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                found += complaints(f"{path.name}, ${variable['name']}", variable["definition"],
                                    known)
    return found


def alerts() -> set[str]:
    source = (TOP / "agent/alerts/rules.h").read_text(encoding="utf-8")
    own = set(AGENT_ALERTS.findall(source))
    if len(own) < 12:
        raise SystemExit(f"only {len(own)} alerts of the agent were found: has rules.h changed?")
    return own | {rule["alert"] for rule in rules() if "alert" in rule}


@functools.cache
def help_of(fanfare: pathlib.Path, command: str) -> str:
    done = subprocess.run([fanfare, command, "--help"], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def in_runbook(path: pathlib.Path, known: dict, fanfare: pathlib.Path) -> list[str]:
    text, found = path.read_text(encoding="utf-8"), []
    if not text.startswith(f"# {path.stem}\n"):
        found.append(f"{path.name}: its title is not {path.stem}")
    if re.findall(r"^## (.*)$", text, re.M) != SECTIONS:
        found.append(f"{path.name}: its sections are not {', '.join(SECTIONS)}")
    for title, body in zip(SECTIONS, re.split(r"^## .*$", text, flags=re.M)[1:]):
        if not body.strip():
            found.append(f"{path.name}: {title} is empty")
    found += [f"{path.name}: no runbook for {name}" for name in ALERT.findall(text)
              if not (RUNBOOKS / f"{name}.md").exists()]
    for code in CODE.findall(text):
        found += complaints(path.name, code.replace("|", " "), known)
    for command, rest in COMMAND.findall(text):
        helped = help_of(fanfare, command)
        found += [f"{path.name}: `fanfare {command}` has no {option}"
                  for option in ["", *re.findall(r"--[a-z-]+", rest)] if option not in helped
                  or not helped]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fanfare", type=pathlib.Path, required=True, help="the binary")
    fanfare = parser.parse_args().fanfare.resolve()
    known, due = known_series(), alerts()
    written = {path.stem for path in RUNBOOKS.glob("*.md")}
    found = [f"{name}: no runbook" for name in sorted(due - written)]
    found += [f"{name}.md: no such alert" for name in sorted(written - due)]
    found += [f"`fanfare help {name}` knows nothing of it" for name in sorted(due)
              if subprocess.run([fanfare, "help", name], capture_output=True).returncode]
    found += in_rules(known) + in_dashboards(known)
    for path in sorted(RUNBOOKS.glob("*.md")):
        found += in_runbook(path, known, fanfare)
    print("\n".join(found + [f"{len(due)} alerts, {len(written)} runbooks, {len(rules())} rules, "
                             f"{len(list(GRAFANA.glob('*.json')))} dashboards: {len(found)} wrong"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
