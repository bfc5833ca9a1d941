# SPDX-License-Identifier: Apache-2.0
"""What each value of the chart does to the objects.

usage: values_test.py TOOLS (what setup.sh brought) [unittest's arguments]
"""
import json
import pathlib
import sys
import unittest

import yaml

from chart_case import EVERYTHING, SOURCE, Chart
from rendered import CHART, agent_pod, of_kind

if len(sys.argv) > 1:
    Chart.tools = pathlib.Path(sys.argv.pop(1)).resolve()


class TheAgentsPod(Chart):
    def test_it_is_allowed_what_it_needs_and_no_more(self):
        pod = agent_pod(self.render())
        context = pod["containers"][0]["securityContext"]
        self.assertEqual(context["capabilities"], {"drop": ["ALL"], "add": ["BPF", "PERFMON", "NET_ADMIN"]})
        self.assertEqual((context["privileged"], context["allowPrivilegeEscalation"],
                         context["readOnlyRootFilesystem"]), (False, False, True))
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

    def test_one_value_says_where_in_the_cgroup_tree(self):
        for value, flags in (("auto", []), ("/sys/fs/cgroup", ["--cgroup=/sys/fs/cgroup"]),
                             ("/sys/fs/cgroup/unified", ["--cgroup=/sys/fs/cgroup/unified"])):
            objects = self.render({"cgroupPath": value, "doctor": {"initContainer": True}})
            pods = [pod["spec"] for pod in of_kind(objects, "Pod") if pod["metadata"]["name"].endswith("doctor")]
            agent = agent_pod(objects)
            mounted = "/sys/fs/cgroup" if value == "auto" else value
            for container in [*agent["containers"], *agent["initContainers"], *pods[0]["containers"]]:
                self.assertEqual([word for word in container["args"] if word.startswith("--cgroup")], flags)
                self.assertIn(mounted, [mount["mountPath"] for mount in container["volumeMounts"]])
            self.assertIn(mounted, [v["hostPath"]["path"] for v in agent["volumes"] if "hostPath" in v])
        self.assertIn("schema", self.refusal({"cgroupPath": "sys/fs/cgroup"}))

    def test_the_memory_limit_is_told_to_agent_and_doctor(self):
        pod = agent_pod(self.render({"resources": {"limits": {"memory": "256Mi"}}, "doctor": {"initContainer": True}}))
        for container in (*pod["containers"], *pod["initContainers"]):
            told = [one["valueFrom"]["resourceFieldRef"] for one in container["env"]
                    if one["name"] == "FANFARE_MEMORY_LIMIT"]
            self.assertEqual(told, [{"containerName": "agent", "resource": "limits.memory"}])

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
        changed = {rule["record"]: rule["expr"] for rule, before in zip(self.rules(groups), self.rules(self.source))
                   if "record" in rule and rule["expr"] != before["expr"]}
        # What the agents expect stays.
        self.assertEqual(list(changed), ["fanfare:expected_by_rules:shard"])
        one, other = changed["fanfare:expected_by_rules:shard"].split(" or ")
        self.assertEqual(
            one, 'label_replace(label_replace(vector(1), "cluster", "eu", "", ""), "shard", "eu-1", "", "")')
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
        maps = of_kind(self.render({"dashboards": {"enabled": True, "folder": "Chat",
                       "namespace": "grafana", "label": "l", "labelValue": "v"}}), "ConfigMap")
        maps = [one for one in maps if one["metadata"]["namespace"] == "grafana"]
        self.assertEqual({name for one in maps for name in one["data"]}, names)
        for one in maps:
            self.assertEqual(one["metadata"]["labels"]["l"], "v")
            self.assertEqual(one["metadata"]["annotations"], {"grafana_folder": "Chat"})
            for name, text in one["data"].items():
                source = (SOURCE / "dashboards" / "grafana" / name).read_text()
                self.assertEqual(json.loads(text), json.loads(source))
                self.assertLess(len(text), 1 << 20, "a ConfigMap holds 1 MiB")


class Notes(Chart):
    # `helm template` shows no notes: an object of the user's takes them in.
    SHOWN = ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata:\n  notes: |\n"
             '{{ include "fanfare/templates/NOTES.txt" . | indent 4 }}')

    def notes(self, values) -> str:
        objects = self.render({**values, "extraObjects": [self.SHOWN]})
        return next(one for one in objects if one["metadata"]["name"] == "notes")["data"]["notes"]

    def test_they_name_the_next_command(self):
        told = self.notes({})
        self.assertIn(
    "kubectl -n ns rollout status ds/rel-fanfare && kubectl -n ns exec ds/rel-fanfare -- fanfare status",
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

    def test_they_warn_of_a_shard_that_is_expected_on_nodes_without_its_server(self):
        def told(match, expected=True, **values):
            shard = {"name": "eu-1", "match": match, "expected": expected}
            return self.notes({"config": {"shards": [shard]}, **values})
        words = "WARNING: shard eu-1 is expected on every node"
        port, labels = {"listen_ports": [1]}, {"pod_labels": {"app": "chat"}}
        self.assertIn(words, told(port))
        for notes in (told(port, expected=False), told(labels), told({**port, **labels}),
                      told(port, nodeSelector={"chat": "yes"})):
            self.assertNotIn(words, notes)


if __name__ == "__main__":
    unittest.main(verbosity=1)
