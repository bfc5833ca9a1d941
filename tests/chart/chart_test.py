# SPDX-License-Identifier: Apache-2.0
"""What the chart renders is valid for Kubernetes of several versions, what cannot be is refused in a sentence, and the
package has what it needs.

usage: chart_test.py TOOLS (what setup.sh brought) [unittest's arguments]
"""
import copy
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

import jsonschema
import kubernetes_validate
import yaml

from chart_case import EVERYTHING, MATRIX, SOURCE, Chart
from rendered import CHART, agent_pod, of_kind

if len(sys.argv) > 1:
    Chart.tools = pathlib.Path(sys.argv.pop(1)).resolve()
VERSIONS = ("1.25.0", "1.28.0", "1.31.0", "1.34.0", "1.37.0")


def crd_schema(kind: str) -> dict:
    """The operator's definition, strict: a field that it does not know is refused, as a typing error would be."""
    found = yaml.safe_load((Chart.tools / "crds" / f"monitoring.coreos.com_{kind.lower()}s.yaml").read_text())
    schema = copy.deepcopy(found["spec"]["versions"][0]["schema"]["openAPIV3Schema"])

    def close(part):
        if isinstance(part, dict):
            if "properties" in part and "additionalProperties" not in part and part is not schema:
                part.setdefault("additionalProperties", part["properties"].keys() == set())
            if "(?i)" in str(part.get("pattern")):  # Go takes flags anywhere, Python only in front
                part["pattern"] = "(?i)" + part["pattern"].replace("(?i)", "")
            for one in part.values():
                close(one)
        elif isinstance(part, list):
            for one in part:
                close(one)
    close(schema["properties"]["spec"])
    return schema


class Valid(Chart):
    def test_lint(self):
        for values in MATRIX.values():
            done = subprocess.run(
                [self.tools / "helm", "lint", "--strict", "--kube-version", "1.31.0", CHART, "--values", "-"],
                input=yaml.safe_dump(values), capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_for_kubernetes_of_each_version(self):
        operators = {kind: crd_schema(kind) for kind in ("PodMonitor", "PrometheusRule")}
        seen = set()
        for name, values in MATRIX.items():
            for version in VERSIONS:
                for one in self.render(values, version=version):
                    with self.subTest(values=name, version=version, kind=one["kind"]):
                        seen.add(one["kind"])
                        if one["kind"] in operators:
                            jsonschema.validate(one, operators[one["kind"]])
                        else:
                            kubernetes_validate.validate(one, version[:-2], strict=True)
        self.assertLessEqual({"DaemonSet", "ConfigMap", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Pod",
                              "PodMonitor", "PrometheusRule", "NetworkPolicy"}, seen)

    def test_the_schemas_refuse_what_is_wrong(self):
        wrong = copy.deepcopy(of_kind(self.render(), "DaemonSet")[0])
        wrong["spec"]["template"]["spec"]["hostPid"] = True
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, "1.31", strict=True)
        monitor = copy.deepcopy(of_kind(self.render(EVERYTHING), "PodMonitor")[0])
        monitor["spec"]["podMetricsEndpoints"][0]["honourLabels"] = True
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(monitor, crd_schema("PodMonitor"))

    def test_the_same_values_give_the_same_text(self):
        words = [self.tools / "helm", "template", "rel", CHART, "--kube-version", "1.31.0", "--values", "-"]
        texts = {subprocess.run(words, input=yaml.safe_dump(EVERYTHING), capture_output=True, text=True,
                                check=True).stdout for _ in range(3)}
        self.assertEqual(len(texts), 1)

    def test_names_are_unique_and_every_object_is_labelled(self):
        objects = [one for one in self.render(EVERYTHING) if not one["metadata"]["name"].endswith("-more")]
        names = [(one["kind"], one["metadata"]["name"]) for one in objects]
        self.assertEqual(len(names), len(set(names)), names)
        for one in objects:
            labels = one["metadata"]["labels"]
            self.assertEqual(labels["app.kubernetes.io/instance"], "rel", one)
            self.assertEqual(labels["team"], "chat", one)
            self.assertEqual(one["metadata"]["annotations"]["owner"], "sre", one)


class Refusals(Chart):
    def test_each_says_what_to_do(self):
        for values, words in (
                ({"metrics": {"annotations": True, "podMonitor": {"enabled": True}}}, "scraped twice.*turn one of"),
                ({"config": {"node": "n"}}, "config.node is given by the chart"),
                ({"config": {"listen": "n"}}, "set metrics.address and metrics.port"),
                ({"config": {"admin": "n"}}, "set runDir.path"),
                ({"config": {"cgroup": "n"}}, "set cgroupPath"),
                ({"config": {"cluster": "c"}, "existingSecret": {"name": "s"}},
                 "config and existingSecret.name: leave one"),
                ({"security": {"seccompProfile": {"type": "RuntimeDefault"}}},
                 "add --set security.scopeProof=sysAdmin"),
                ({"kubernetes": {"podNames": False}, "config": {"shards": [
                    {"name": "s", "match": {"pod_labels": {"app": "chat"}}}]}}, "set kubernetes.podNames=true"),
                ({"updateStrategy": {"rollingUpdate": {"maxSurge": 1}}}, "an agent beside.*leave it out"),
                ({"serviceAccount": {"create": False}}, "name an account in serviceAccount.name"),
        ):
            self.assertRegex(self.refusal(values), words)

    def test_the_schema_is_strict(self):
        for values in ({"hostpid": True}, {"image": {"pullpolicy": "Always"}}, {"metrics": {"port": "9477"}},
                       {"metrics": {"port": 0}}, {"security": {"extraCapabilities": ["CAP_BPF"]}},
                       {"image": {"digest": "1234"}}, {"runDir": {"path": "run"}},
                       {"tolerations": {"operator": "Exists"}}, {"security": {"scopeProof": "maybe"}},
                       {"probes": {"startup": {"periodSecond": 1}}}):
            self.assertIn("values don't meet the specifications of the schema", self.refusal(values), values)

    def test_the_schema_knows_every_value_and_no_other(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        values = yaml.safe_load((CHART / "values.yaml").read_text())

        def compare(found: dict, part: dict, path: str):
            known = part.get("properties")
            if known is None or part.get("additionalProperties") is not False:
                return
            self.assertLessEqual(found.keys(), known.keys(), path)
            for key, value in found.items():
                if isinstance(value, dict) and value:
                    compare(value, known[key], f"{path}.{key}")
        self.assertEqual(values.keys(), schema["properties"].keys())
        self.assertIs(schema["additionalProperties"], False)
        compare(values, schema, "values")


def package(to: pathlib.Path) -> pathlib.Path:
    subprocess.run([Chart.tools / "helm", "package", CHART, "--destination", to], capture_output=True, check=True)
    return next(to.glob("fanfare-*.tgz"))


class UnderAParent(Chart):
    def test_globals_reach_it_and_pass_the_schema(self):
        with tempfile.TemporaryDirectory() as directory:
            parent = pathlib.Path(directory) / "parent"
            (parent / "charts").mkdir(parents=True)
            (parent / "Chart.yaml").write_text(
                "apiVersion: v2\nname: parent\nversion: 1.0.0\n"
                "dependencies: [{name: fanfare, version: '>=0.0.0', condition: fanfare.enabled}]\n")
            package(parent / "charts")
            values = {"global": {"imageRegistry": "g", "imagePullSecrets": ["p"], "somebody": {"elses": 1}},
                      "fanfare": {"config": {"cluster": "eu"}}}
            pod = agent_pod(self.render(values, chart=parent))
            self.assertTrue(pod["containers"][0]["image"].startswith("g/fanfare:"))
            self.assertEqual(pod["imagePullSecrets"], [{"name": "p"}])
            values["fanfare"]["enabled"] = False
            self.assertEqual(self.render(values, chart=parent), [])


class Files(Chart):
    def test_the_packaged_chart_has_the_rules_and_dashboards_as_they_are(self):
        with tempfile.TemporaryDirectory() as directory, tarfile.open(package(pathlib.Path(directory))) as tar:
            inside = {name.removeprefix("fanfare/files/"): tar.extractfile(name).read() for name in tar.getnames()
                      if name.startswith("fanfare/files/")}
        outside = {f"{kind}/{path.name}": path.read_bytes()
                   for kind, folder, ending in (("rules", "rules", "yml"), ("dashboards", "grafana", "json"))
                   for path in (SOURCE / "dashboards" / folder).glob("*." + ending)}
        self.assertTrue(outside)
        self.assertEqual({name for name in inside if name.endswith((".yml", ".json"))}, outside.keys())
        for name, content in outside.items():
            self.assertEqual(inside[name], content, name)

    def test_versions_agree(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        project = re.search(r"project\(fanfare VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual((chart["appVersion"], chart["version"]), (project, project))

    def test_the_readme_is_made_of_the_values(self):
        done = subprocess.run([self.tools / "helm-docs",
    "--dry-run",
    "--skip-version-footer",
    "--sort-values-order",
    "file",
    "--log-level",
    "warning",
    "--chart-search-root",
    CHART],
    capture_output=True,
    text=True,
     check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.strip(), (CHART / "README.md").read_text().strip(),
                         "stale: helm-docs --skip-version-footer -s file -c helm/fanfare")
        rows = [line for line in done.stdout.splitlines() if line.startswith("| ") and line.endswith(" |")]
        undescribed = [row for row in rows if re.match(r"\| \S+ \| \w+ \| `.*` \|  \|$", row)]
        self.assertEqual(undescribed, [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
