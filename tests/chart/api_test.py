# SPDX-License-Identifier: Apache-2.0
"""The chart installed into a real Kubernetes API server: it takes every object, and the agent's account may do just
what it needs. Not in CTest, see api_setup.sh.

usage: api_test.py TOOLS (of setup.sh) SERVER (of api_setup.sh) [unittest's arguments]
"""
import pathlib
import subprocess
import sys
import unittest
import urllib.error

from api_server import Api

if len(sys.argv) > 2:
    Api.tools, Api.server = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2))


class Installed(Api):
    def test_the_defaults(self):
        told = self.install("defaults", {})
        self.assertIn("kubectl -n defaults exec ds/rel-fanfare -- fanfare status", told)
        daemons = self.call("GET", "/apis/apps/v1/namespaces/defaults/daemonsets")["items"]
        self.assertEqual([one["metadata"]["name"] for one in daemons], ["rel-fanfare"])
        pod = daemons[0]["spec"]["template"]["spec"]
        context = pod["containers"][0]["securityContext"]
        self.assertEqual(context["capabilities"]["add"], ["BPF", "PERFMON", "NET_ADMIN"])

    def test_everything_and_an_upgrade_and_its_end(self):
        values = {"metrics": {"podMonitor": {"enabled": True}}, "prometheusRule": {"enabled": True},
                  "dashboards": {"enabled": True}, "networkPolicy": {"enabled": True},
                  "doctor": {"initContainer": True},
                  "security": {"scopeProof": "sysAdmin", "sysPtrace": "true",
                               "seccompProfile": {"type": "RuntimeDefault"}, "appArmorProfile": {"type": "Unconfined"}}}
        self.install("all", values)
        where = "/apis/monitoring.coreos.com/v1/namespaces/all"
        self.assertEqual(len(self.call("GET", f"{where}/podmonitors")["items"]), 1)
        rules = self.call("GET", f"{where}/prometheusrules")["items"][0]["spec"]["groups"][0]["rules"]
        self.assertGreater(len(rules), 20)
        self.install("all", {"hostPID": False}, "upgrade")
        self.assertEqual(self.call("GET", f"{where}/podmonitors")["items"], [])
        words = [self.tools / "helm", "--kubeconfig", self.config, "uninstall", "rel", "--namespace", "all"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in ("/apis/apps/v1/namespaces/all/daemonsets", "/api/v1/namespaces/all/serviceaccounts"):
            names = [one["metadata"]["name"] for one in self.call("GET", path)["items"]]
            self.assertEqual([name for name in names if "fanfare" in name], [])

    def test_two_releases_in_two_namespaces(self):
        for namespace in ("one", "two"):
            self.install(namespace, {})
        roles = [one["metadata"]["name"] for one in
                 self.call("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles")["items"]]
        self.assertLessEqual({"one-rel-fanfare", "two-rel-fanfare"}, set(roles))

    def test_pods_of_the_chart_are_taken_where_the_namespace_is_privileged_only(self):
        self.install("standards", {})
        daemon = self.call("GET", "/apis/apps/v1/namespaces/standards/daemonsets/rel-fanfare")
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": daemon["spec"]["template"]["spec"]}
        patch = '{"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "%s"}}}'
        for level, taken in (("baseline", False), ("privileged", True)):
            self.call("PATCH", "/api/v1/namespaces/standards", patch % level, "merge-patch+json")
            try:
                self.call("POST", "/api/v1/namespaces/standards/pods?dryRun=All", pod)
                self.assertTrue(taken, level)
            except urllib.error.HTTPError as error:
                self.assertFalse(taken, error.read())

    def test_what_the_agents_account_may_do(self):
        self.install("account", {})
        token = self.account_token("account")
        self.call("GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn", token=token)
        self.call("GET", "/api/v1/pods?watch=1&timeoutSeconds=1&fieldSelector=spec.nodeName%3Dn", token=token)
        for method, path in (("GET", "/api/v1/secrets"), ("GET", "/api/v1/nodes"), ("GET", "/api/v1/configmaps"),
                             ("DELETE", "/api/v1/namespaces/account/pods/x"),
                             ("POST", "/api/v1/namespaces/account/pods")):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.call(method, path, {} if method == "POST" else None, token=token)
            self.assertEqual(refused.exception.code, 403, path)
            refused.exception.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
