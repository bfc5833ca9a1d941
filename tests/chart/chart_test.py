# SPDX-License-Identifier: Apache-2.0
"""What the chart renders: valid for Kubernetes of several versions, as its values say, refused where they cannot be.

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

from rendered import CHART, Refused, agent_pod, of_kind, template

TOOLS = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
SOURCE = CHART.parents[1]
VERSIONS = ("1.25.0", "1.28.0", "1.31.0", "1.34.0", "1.37.0")

EVERYTHING = {
    "global": {"imageRegistry": "mirror.example.org", "imagePullSecrets": ["one", {"name": "two"}]},
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["three"]},
    "commonLabels": {"team": "chat"}, "commonAnnotations": {"owner": "sre"},
    "config": {"cluster": "eu", "shards": [{"name": "eu-1", "match": {"listen_ports": [8080], "exe": "/usr/bin/chatd"}}]},
    "security": {"scopeProof": "sysAdmin", "extraCapabilities": ["SYSLOG"], "seLinuxOptions": {"type": "spc_t"},
                 "seccompProfile": {"type": "Localhost", "localhostProfile": "fanfare.json"}},
    "metrics": {"podMonitor": {"enabled": True, "labels": {"release": "kps"}, "spec": {"sampleLimit": 5000}, "endpoint": {
        "relabelings": [{"action": "labeldrop", "regex": "pod"}]}}},
    "prometheusRule": {"enabled": True, "labels": {"release": "kps"}, "alertLabels": {"team": "chat"}},
    "dashboards": {"enabled": True, "folder": "Chat"},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}], "egress": [{"ports": [{"port": 53}]}]},
    "serviceAccount": {"annotations": {"a": "b"}}, "doctor": {"initContainer": True},
    "resources": {"requests": {"memory": "256Mi"}}, "priorityClassName": "system-node-critical",
    "podLabels": {"app.kubernetes.io/name": "not-this", "x": "z"}, "podAnnotations": {"p": "q"},
    "extraArgs": ["--record=/run/fanfare/record"],
    "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/ca/ca.crt"}], "extraEnvFrom": [{"secretRef": {"name": "s"}}],
    "extraVolumes": [{"name": "ca", "secret": {"secretName": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca"}],
    "extraInitContainers": [{"name": "i", "image": "i"}], "extraContainers": [{"name": "c", "image": "c"}],
    "extraObjects": ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-more'}"],
}
MATRIX = {
    "defaults": {}, "everything": EVERYTHING,
    "without pod names": {"kubernetes": {"podNames": False}},
    "without the host's pids": {"hostPID": False, "runDir": {"type": "emptyDir"}},
    "annotations": {"metrics": {"annotations": True}},
    "a secret's configuration": {"existingSecret": {"name": "s", "key": "k"}},
    "a config map of the user's": {"existingConfigMap": {"name": "m"}},
    "an account of the user's": {"serviceAccount": {"create": False, "name": "mine"}},
    "RuntimeDefault": {"security": {"seccompProfile": {"type": "RuntimeDefault"}, "scopeProof": "sysAdmin"}},
    "IPv6": {"metrics": {"address": "[::]"}},
}


def crd_schema(kind: str) -> dict:
    """The operator's definition, strict: a field that it does not know is refused, as a typing error would be."""
    found = yaml.safe_load((TOOLS / "crds" / f"monitoring.coreos.com_{kind.lower()}s.yaml").read_text())
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


class Chart(unittest.TestCase):
    def render(self, values=None, **options):
        return template(TOOLS, values, **options)

    def refusal(self, values) -> str:
        with self.assertRaises(Refused) as caught:
            self.render(values)
        return str(caught.exception)


class Valid(Chart):
    def test_lint(self):
        for values in MATRIX.values():
            done = subprocess.run(
                [TOOLS / "helm", "lint", "--strict", "--kube-version", "1.31.0", CHART, "--values", "-"],
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
        words = [TOOLS / "helm", "template", "rel", CHART, "--kube-version", "1.31.0", "--values", "-"]
        texts = {subprocess.run(words, input=yaml.safe_dump(EVERYTHING), capture_output=True, text=True, check=True).stdout
                 for _ in range(3)}
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


class TheAgentsPod(Chart):
    def test_it_is_allowed_what_it_needs_and_no_more(self):
        pod = agent_pod(self.render())
        context = pod["containers"][0]["securityContext"]
        self.assertEqual(context["capabilities"], {"drop": ["ALL"], "add": ["BPF", "PERFMON", "NET_ADMIN"]})
        self.assertEqual((context["privileged"], context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]),
                         (False, False, True))
        self.assertEqual((pod["hostPID"], pod["hostNetwork"]), (True, False))
        self.assertNotIn("hostIPC", pod)
        self.assertEqual({v["hostPath"]["path"] for v in pod["volumes"] if "hostPath" in v},
                         {"/sys/fs/cgroup", "/run/fanfare"})
        writable = [m["name"] for m in pod["containers"][0]["volumeMounts"] if not m.get("readOnly")]
        self.assertEqual(writable, ["run"])

    def capabilities(self, values):
        context = agent_pod(self.render(values))["containers"][0]["securityContext"]
        return context["capabilities"]["add"][3:], context.get("allowPrivilegeEscalation")

    def test_capabilities_follow_the_features(self):
        exe = {"config": {"shards": [{"name": "a", "match": {"listen_ports": [1]}},
                                     {"name": "b", "match": {"exe": "/bin/b"}}]}}
        self.assertEqual(self.capabilities(exe), (["SYS_PTRACE"], False))
        self.assertEqual(self.capabilities({**exe, "security": {"sysPtrace": "false"}}), ([], False))
        self.assertEqual(self.capabilities({"security": {"sysPtrace": "true"}}), (["SYS_PTRACE"], False))
        # Kubernetes refuses CAP_SYS_ADMIN beside allowPrivilegeEscalation: false.
        self.assertEqual(self.capabilities({"security": {"scopeProof": "sysAdmin"}}), (["SYS_ADMIN"], None))

    def test_each_capability_has_its_reason_beside_it(self):
        text = (CHART / "templates" / "_pod.tpl").read_text()
        for capability in ("BPF", "PERFMON", "NET_ADMIN", "SYS_PTRACE", "SYS_ADMIN"):
            self.assertRegex(text, rf"# [A-Z][^\n]+\.\n +- {capability}\n")

    def test_the_same_stands_in_doctors_pod(self):
        for values in ({}, EVERYTHING):
            objects = self.render(values)
            agent = agent_pod(objects)
            doctor = next(pod for pod in of_kind(objects, "Pod") if pod["metadata"]["name"].endswith("doctor"))["spec"]
            for key in ("securityContext", "image"):
                self.assertEqual(doctor["containers"][0][key], agent["containers"][0][key])
            self.assertEqual(doctor["containers"][0]["args"][1:], agent["containers"][0]["args"][1:4])
            self.assertEqual(doctor["hostPID"], agent["hostPID"])

    def test_probes(self):
        agent = agent_pod(self.render())["containers"][0]
        paths = [agent[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
        self.assertEqual(paths, ["/livez", "/readyz", "/livez"])
        self.assertGreaterEqual(agent["startupProbe"]["periodSeconds"] * agent["startupProbe"]["failureThreshold"], 120)

    def test_a_change_of_the_configuration_rolls_the_pods(self):
        def checksum(values):
            return of_kind(self.render(values), "DaemonSet")[0]["spec"]["template"]["metadata"]["annotations"].get(
                "checksum/config")
        self.assertNotEqual(checksum({}), checksum({"config": {"cluster": "eu"}}))
        self.assertEqual(checksum({"config": {"cluster": "eu"}}), checksum({"config": {"cluster": "eu"}}))

    def test_the_configuration_is_passed_through(self):
        config = {"cluster": "eu", "alertmanagers": ["http://a:9093"], "kubernetes": {"api": "off"},
                  "shards": [{"name": "s", "match": {"listen_ports": [8080]}, "clients": {"events": {"prefix": "42"}}}]}
        told = next(m for m in of_kind(self.render({"config": config}), "ConfigMap"))["data"]["fanfare.yaml"]
        self.assertEqual(yaml.safe_load(told), config)

    def test_a_secret_is_only_referred_to(self):
        objects = self.render({"existingSecret": {"name": "s", "key": "k"}})
        self.assertEqual([m["metadata"]["name"] for m in of_kind(objects, "ConfigMap")], [])
        volume = agent_pod(objects)["volumes"][0]
        self.assertEqual(volume["secret"], {"secretName": "s", "defaultMode": 0o400,
                                            "items": [{"key": "k", "path": "fanfare.yaml"}]})

    def test_images(self):
        def image(values):
            return agent_pod(self.render(values))["containers"][0]["image"]
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
        self.assertEqual(image({}), f"fanfare:{version}")
        self.assertEqual(image({"image": {"registry": "r", "tag": "t"}}), "r/fanfare:t")
        self.assertEqual(image({"image": {"registry": "r"}, "global": {"imageRegistry": "g"}}), f"g/fanfare:{version}")
        self.assertEqual(image({"image": {"digest": "sha256:" + "1" * 64}}), "fanfare@sha256:" + "1" * 64)

    def test_the_users_affinity_is_joined_not_lost(self):
        mine = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
        weight = {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}
        affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [mine, {"matchFields": []}]}}, **weight}
        pod = agent_pod(self.render({"affinity": affinity}))["affinity"]
        terms = pod["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        keys = [[expression["key"] for expression in term["matchExpressions"]] for term in terms]
        virtual = ["eks.amazonaws.com/compute-type", "type"]
        self.assertEqual(keys, [["zone", *virtual], virtual])
        self.assertIn("podAffinity", pod)
        self.assertNotIn("affinity", agent_pod(self.render({"avoidVirtualNodes": False})))

    def test_selectors_hold_against_labels_of_the_user(self):
        template_ = of_kind(self.render(EVERYTHING), "DaemonSet")[0]["spec"]
        wanted = template_["selector"]["matchLabels"]
        self.assertLessEqual(wanted.items(), template_["template"]["metadata"]["labels"].items())
        self.assertNotIn("helm.sh/chart", wanted)
        policy = of_kind(self.render(EVERYTHING), "NetworkPolicy")[0]["spec"]["podSelector"]["matchLabels"]
        self.assertEqual(policy, wanted)


class Permissions(Chart):
    def test_the_role_is_for_pods_alone(self):
        role = of_kind(self.render(), "ClusterRole")[0]
        self.assertEqual(role["rules"], [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}])

    def test_without_pod_names_there_is_no_token_and_no_role(self):
        objects = self.render({"kubernetes": {"podNames": False}})
        self.assertEqual(of_kind(objects, "ClusterRole") + of_kind(objects, "ClusterRoleBinding"), [])
        self.assertFalse(agent_pod(objects)["automountServiceAccountToken"])

    def test_the_account_mounts_no_token_by_itself(self):
        self.assertFalse(of_kind(self.render(), "ServiceAccount")[0]["automountServiceAccountToken"])


class Scraping(Chart):
    def test_one_way_or_none(self):
        def ways(values):
            objects = self.render(values)
            annotations = of_kind(objects, "DaemonSet")[0]["spec"]["template"]["metadata"].get("annotations", {})
            return len(of_kind(objects, "PodMonitor")), annotations.get("prometheus.io/scrape")
        self.assertEqual(ways({}), (0, None))
        self.assertEqual(ways({"metrics": {"annotations": True}}), (0, "true"))
        self.assertEqual(ways({"metrics": {"podMonitor": {"enabled": True}}}), (1, None))

    def test_the_pod_monitor(self):
        monitor = of_kind(self.render(EVERYTHING), "PodMonitor")[0]
        self.assertEqual(monitor["metadata"]["labels"]["release"], "kps")
        endpoint = monitor["spec"]["podMetricsEndpoints"][0]
        self.assertEqual((endpoint["port"], endpoint["honorLabels"]), ("metrics", True))
        port = agent_pod(self.render(EVERYTHING))["containers"][0]["ports"][0]
        self.assertEqual(port["name"], endpoint["port"])


class Rules(Chart):
    """The source is dashboards/rules: what the values do not change is as it stands there."""

    def setUp(self):
        paths = sorted((SOURCE / "dashboards" / "rules").glob("*.yml"))
        self.source = [group for path in paths for group in yaml.safe_load(path.read_text())["groups"]]
        self.assertTrue(self.source)

    def groups(self, **values):
        objects = self.render({"prometheusRule": {"enabled": True, **values}})
        return of_kind(objects, "PrometheusRule")[0]["spec"]["groups"]

    def rules(self, groups):
        return [rule for group in groups for rule in group["rules"]]

    def alert(self, groups, name):
        return next(rule for rule in self.rules(groups) if rule.get("alert") == name)

    def test_as_they_are(self):
        self.assertEqual(self.groups(), self.source)

    def test_every_alert_can_be_turned_off_alone(self):
        names = [rule["alert"] for rule in self.rules(self.source) if "alert" in rule]
        self.assertGreater(len(names), 5)
        for name in names:
            left = self.rules(self.groups(alerts={name: {"enabled": False}}))
            self.assertEqual(left, [rule for rule in self.rules(self.source) if rule.get("alert") != name])

    def test_an_alert_is_changed_in_what_is_named_only(self):
        name = "FanfareShardAbsent"
        before = self.alert(self.source, name)
        after = self.alert(self.groups(alertLabels={"team": "chat"}, runbookUrl="https://wiki/x/", alerts={name: {
            "for": "9m", "severity": "info", "labels": {"tier": "1"}, "annotations": {"summary": "s"}}}), name)
        self.assertEqual(after["for"], "9m")
        self.assertEqual(after["labels"], {**before["labels"], "severity": "info", "tier": "1", "team": "chat"})
        self.assertEqual(after["annotations"], {**before["annotations"], "summary": "s",
                                                "runbook_url": f"https://wiki/x/{name}.md"})
        self.assertEqual(after["expr"], before["expr"])

    def test_thresholds(self):
        def thresholds(groups):
            return {(rule["record"], rule.get("labels", {}).get("window")): rule["expr"]
                    for rule in self.rules(groups) if rule.get("record", "").startswith("fanfare:threshold:")}
        before = thresholds(self.source)
        after = thresholds(self.groups(thresholds={"coverage": 0.5, "reach_loss": {"5m": 0.125}}))
        changed = {key: after[key] for key in before if before[key] != after[key]}
        self.assertEqual(changed, {("fanfare:threshold:coverage", None): "vector(0.5)",
                                   ("fanfare:threshold:reach_loss", "5m"): "vector(0.125)"})
        self.assertEqual(before.keys(), after.keys())

    def test_shards_that_are_expected(self):
        groups = self.groups(expectedShards=[{"cluster": "eu", "shard": "eu-1"}, {"cluster": "us", "shard": "u\"s"}])
        rule = next(rule for rule in self.rules(groups) if rule.get("record") == "fanfare:expected:shard")
        one, other = rule["expr"].split(" or ")
        self.assertEqual(one, 'label_replace(label_replace(vector(1), "cluster", "eu", "", ""), "shard", "eu-1", "", "")')
        self.assertIn('"u\\"s"', other)

    def test_names_that_no_rule_has_are_refused(self):
        for values in ({"alerts": {"FanfareNone": {"enabled": False}}}, {"thresholds": {"none": 1}}):
            words = self.refusal({"prometheusRule": {"enabled": True, **values}})
            self.assertRegex(words, "the rules have none of that name, only [A-Za-z]")

    def test_the_job_is_named_as_the_rules_expect(self):
        job = of_kind(self.render(EVERYTHING), "PodMonitor")[0]["spec"]["jobLabel"]
        pods = of_kind(self.render(EVERYTHING), "DaemonSet")[0]["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(pods[job], "fanfare")


class Dashboards(Chart):
    def test_one_config_map_each_for_the_sidecar(self):
        names = {path.name for path in (SOURCE / "dashboards" / "grafana").glob("*.json")}
        self.assertTrue(names)
        maps = of_kind(self.render({"dashboards": {"enabled": True, "folder": "Chat", "namespace": "grafana", "label": "l",
                                                   "labelValue": "v"}}), "ConfigMap")
        maps = [one for one in maps if one["metadata"]["namespace"] == "grafana"]
        self.assertEqual({name for one in maps for name in one["data"]}, names)
        for one in maps:
            self.assertEqual(one["metadata"]["labels"]["l"], "v")
            self.assertEqual(one["metadata"]["annotations"], {"grafana_folder": "Chat"})
            for name, text in one["data"].items():
                source = (SOURCE / "dashboards" / "grafana" / name).read_text()
                self.assertEqual(json.loads(text), json.loads(source))
                self.assertLess(len(text), 1 << 20, "a ConfigMap holds 1 MiB")


class Refusals(Chart):
    def test_each_says_what_to_do(self):
        for values, words in (
                ({"metrics": {"annotations": True, "podMonitor": {"enabled": True}}}, "scraped twice.*turn one of them off"),
                ({"config": {"node": "n"}}, "config.node is given by the chart"),
                ({"config": {"listen": "n"}}, "set metrics.address and metrics.port"),
                ({"config": {"admin": "n"}}, "set runDir.path"),
                ({"config": {"cgroup": "n"}}, "set cgroupPath"),
                ({"config": {"cluster": "c"}, "existingSecret": {"name": "s"}}, "config and existingSecret.name: leave one"),
                ({"security": {"seccompProfile": {"type": "RuntimeDefault"}}}, "add --set security.scopeProof=sysAdmin"),
                ({"kubernetes": {"podNames": False}, "config": {"shards": [
                    {"name": "s", "match": {"pod_labels": {"app": "chat"}}}]}}, "set kubernetes.podNames=true"),
                ({"updateStrategy": {"rollingUpdate": {"maxSurge": 1}}}, "maxSurge would start an agent beside.*leave it out"),
                ({"serviceAccount": {"create": False}}, "name an account in serviceAccount.name"),
        ):
            self.assertRegex(self.refusal(values), words)

    def test_the_schema_is_strict(self):
        for values in ({"hostpid": True}, {"image": {"pullpolicy": "Always"}}, {"metrics": {"port": "9477"}},
                       {"metrics": {"port": 0}}, {"security": {"extraCapabilities": ["CAP_BPF"]}},
                       {"image": {"digest": "1234"}}, {"runDir": {"path": "run"}}, {"tolerations": {"operator": "Exists"}},
                       {"security": {"scopeProof": "maybe"}}, {"probes": {"startup": {"periodSecond": 1}}}):
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


def package(to: pathlib.Path) -> pathlib.Path:
    subprocess.run([TOOLS / "helm", "package", CHART, "--destination", to], capture_output=True, check=True)
    return next(to.glob("fanfare-*.tgz"))


class Notes(Chart):
    # `helm template` shows no notes: an object of the user's takes them in.
    SHOWN = ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata:\n  notes: |\n"
             '{{ include "fanfare/templates/NOTES.txt" . | indent 4 }}')

    def notes(self, values) -> str:
        objects = self.render({**values, "extraObjects": [self.SHOWN]})
        return next(one for one in objects if one["metadata"]["name"] == "notes")["data"]["notes"]

    def test_they_name_the_next_command(self):
        told = self.notes({})
        self.assertIn("kubectl -n ns rollout status ds/rel-fanfare && kubectl -n ns exec ds/rel-fanfare -- fanfare status",
                      told)
        self.assertIn("helm -n ns test rel --logs", told)
        self.assertLessEqual(max(map(len, told.splitlines())), 120)

    def test_they_warn_of_what_is_suspicious_and_of_nothing_else(self):
        fine = {"config": {"shards": [{"name": "s", "match": {"listen_ports": [1]}}]},
                "metrics": {"podMonitor": {"enabled": True, "labels": {"release": "kps"}}}}
        self.assertNotIn("WARNING", self.notes(fine))
        for change, words in (({"metrics": {"podMonitor": {"enabled": False}}}, "nobody scrapes it"),
                              ({"metrics": {"podMonitor": {"enabled": True}}}, "has no labels of yours"),
                              ({"config": {}}, "no shards are configured"), ({"hostPID": False}, "hostPID is off")):
            told = self.notes({**fine, **change})
            self.assertIn(words, told)
            self.assertEqual(told.count("WARNING"), 1)


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
        done = subprocess.run([TOOLS / "helm-docs", "--dry-run", "--skip-version-footer", "--sort-values-order", "file",
                               "--log-level", "warning", "--chart-search-root", CHART],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.strip(), (CHART / "README.md").read_text().strip(),
                         "stale: helm-docs --skip-version-footer -s file -c helm/fanfare")
        rows = [line for line in done.stdout.splitlines() if line.startswith("| ") and line.endswith(" |")]
        undescribed = [row for row in rows if re.match(r"\| \S+ \| \w+ \| `.*` \|  \|$", row)]
        self.assertEqual(undescribed, [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
