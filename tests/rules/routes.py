#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every alert goes where its severity says, by the example of routes: amtool decides.

usage: routes.py
"""
import re
import subprocess
import sys

from exported import TOP
from named import rules

CONFIG = TOP / "dashboards/alertmanager.example.yml"
RECEIVERS = {"critical": "pager", "warning": "tickets", "info": "nobody", "none": "dead-mans-switch"}
# Of the agent: what can fire, with which severity.
KINDS = re.compile(r"\{(alert_\w+), Severity::(\w+)\}")
NAMES = re.compile(r'(alert_\w+) = "(Fanfare\w+)"')


def severities() -> list[tuple[str, str]]:
    names = dict(NAMES.findall((TOP / "agent/alerts/rules.h").read_text(encoding="utf-8")))
    kinds = KINDS.findall((TOP / "agent/exports/names.h").read_text(encoding="utf-8"))
    own = [(names[name], severity) for name, severity in kinds]
    if len(own) < 16:
        raise SystemExit(f"only {len(own)} kinds of the agent's alerts: has names.h changed?")
    return own + [(rule["alert"], rule["labels"]["severity"]) for rule in rules() if "alert" in rule]


def main() -> int:
    subprocess.run(["amtool", "check-config", CONFIG], check=True, stdout=subprocess.DEVNULL)
    wrong, every = 0, severities()
    for name, severity in every:
        done = subprocess.run(
            ["amtool", "config", "routes", "test", f"--config.file={CONFIG}",
             f"alertname={name}", f"severity={severity}", "cluster=x", "shard=s1", "node=a"],
            capture_output=True, text=True)
        if done.stdout.strip() != RECEIVERS[severity]:
            wrong += 1
            print(f"{severity} {name} goes to {done.stdout.strip()}, not to {RECEIVERS[severity]}")
    print(f"{len(every)} alerts by severity: {wrong} go elsewhere")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
