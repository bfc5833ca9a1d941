# SPDX-License-Identifier: Apache-2.0
"""Runs stories through `promtool test rules`: which alerts fire when, and what they say."""
import dataclasses
import json
import pathlib
import re
import subprocess

from world import World

RULES = pathlib.Path(__file__).resolve().parents[2] / "dashboards/rules/fanfare.rules.yml"
ALWAYS = {"FanfareWatchdog": 1}


@dataclasses.dataclass
class Story:
    name: str
    world: World
    checks: list = dataclasses.field(default_factory=list)
    interval: str = "15s"

    def fires(self, minutes: float, *alerts: str) -> None:
        """Exactly these fire then, `NAME` or `NAME NODE`, each as often as it is named.

        FanfareWatchdog always does.
        """
        self.checks.append(("set", minutes, alerts))

    def says(self, minutes: float, alert: str, labels: dict, summary: str, description: str) -> None:
        """This alert fires then, once, with exactly these labels and annotations."""
        self.checks.append(("text", minutes, alert, labels, summary, description))

    def value(self, minutes: float, expression: str, samples: dict) -> None:
        """What an expression gives, by its labels."""
        self.checks.append(("value", minutes, expression, samples))

    def as_test(self) -> dict:
        test = {"name": self.name, "interval": "15s", "input_series": self.world.series(),
                "alert_rule_test": [], "promql_expr_test": []}
        for kind, minutes, *rest in self.checks:
            at = f"{round(minutes * 60)}s"
            if kind == "set":
                test["promql_expr_test"].append(_firing(at, rest[0]))
            elif kind == "value":
                expression, samples = rest
                test["promql_expr_test"].append({
                    "expr": expression, "eval_time": at, "exp_samples": [
                        {"labels": labels, "value": value} for labels, value in samples.items()]})
            else:
                alert, labels, summary, description = rest
                test["alert_rule_test"].append({
                    "eval_time": at, "alertname": alert, "exp_alerts": [{
                        "exp_labels": {"source": "rules", **labels},
                        "exp_annotations": {
                            "summary": summary, "description": description,
                            "runbook_url": f"https://fanfare.example/runbooks/{alert}.md"}}]})
        return test


def _firing(at: str, alerts: tuple) -> dict:
    counts: dict[str, int] = dict.fromkeys(
        ('{alertname="%s"}' % name for name in ALWAYS), 1)
    for alert in alerts:
        name, _, node = alert.partition(" ")
        node = f', node="{node}"' if node else ""
        labels = f'{{alertname="{name}"{node}}}'
        counts[labels] = counts.get(labels, 0) + 1
    return {"expr": 'count by (alertname, node) (ALERTS{alertstate="firing"})', "eval_time": at,
            "exp_samples": [{"labels": k, "value": v} for k, v in counts.items()]}


def run(story: Story, directory: pathlib.Path) -> str:
    """Empty when all is as told, else promtool's words."""
    path = directory / f"{story.name}.json"  # JSON is YAML
    groups = re.findall(r"^  - name: (\S+)", RULES.read_text(encoding="utf-8"), re.M)
    path.write_text(json.dumps({"group_eval_order": groups, "rule_files": [str(RULES)], "tests": [story.as_test()],
                                "evaluation_interval": story.interval}), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True,
                          timeout=1500)
    return f"{story.name}:\n{done.stdout}{done.stderr}" if done.returncode else ""
