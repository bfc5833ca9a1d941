# SPDX-License-Identifier: Apache-2.0
"""What may be named in rules, dashboards and runbooks: the metrics of the README's table, which
tests/unit/readme_test holds to the binary's catalogue, and what the rules record."""
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
TABLE = re.compile(r"<!-- metrics:.*?-->(.*?)<!-- metrics end -->", re.S)
ROW = re.compile(r"^\| `(fanfare_\w+)` \| (\w+) \| ([\w,]*) ?\|", re.M)
COMMON = {"cluster", "node", "job", "instance"}  # of the agent, and of whoever scrapes it
FOREIGN = {"up": {"job", "instance"}, "ALERTS": {"alertname", "alertstate", "severity", "shard"}}
METRIC = re.compile(r"(?<![\w:])((?:\w+:)?fanfare[_:][\w:]+|up|ALERTS)(?![\w:(])\s*(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
GROUPED = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
MADE = {"window", "peer"}  # by the rules: the time of a sum; the name behind an address
STRING = re.compile(r'"[^"]*"')


def exported() -> dict[str, set[str]]:
    """Labels by metric, of the agents."""
    table = TABLE.search((TOP / "README.md").read_text(encoding="utf-8"))[1]
    metrics: dict[str, set[str]] = {}
    for name, kind, labels in ROW.findall(table):
        own = set(filter(None, labels.split(","))) | COMMON
        metrics[name] = own
        if kind == "histogram":
            metrics |= {f"{name}_bucket": own | {"le"}, f"{name}_sum": own, f"{name}_count": own}
    return metrics


def complaints(where: str, expression: str, known: dict[str, set[str]]) -> list[str]:
    """What an expression names that nobody exports or records."""
    found, every = [], set().union(*known.values()) | MADE
    for name, matchers in METRIC.findall(expression):
        if name not in known:
            found.append(f"{where}: nobody exports {name}")
            continue
        found += [f"{where}: {name} has no label {label}"
                  for label in LABEL.findall(matchers) if label not in known[name]]
    for labels in GROUPED.findall(STRING.sub('""', expression)):
        found += [f"{where}: no metric has the label {label}"
                  for label in re.findall(r"\w+", labels) if label not in every]
    return found
