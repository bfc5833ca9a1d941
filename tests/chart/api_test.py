# SPDX-License-Identifier: Apache-2.0
"""The chart installed into a real Kubernetes API server: no nodes and no controllers, so nothing runs; what is shown is
that the server takes every object, and what the agent's account may do.

usage: api_test.py TOOLS (of setup.sh) SERVER (of api_setup.sh) [unittest's arguments]
"""
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import yaml

from rendered import CHART

TOOLS, SERVER = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2)) if len(sys.argv) > 2 else (None, None)
PORTS = {"etcd": 23790, "peer": 23800, "api": 23643}
TOKEN = "token-of-the-test"
PATIENCE = 180  # seconds


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = tempfile.TemporaryDirectory(prefix="fanfare-api-")
        cls.addClassCleanup(room.cleanup)
        cls.room = pathlib.Path(room.name)
        cls.url = f"https://127.0.0.1:{PORTS['api']}"
        cls.run_etcd()
        cls.run_server()
        cls.write_kubeconfig()
        for path in (TOOLS / "crds").glob("*_*s.yaml"):
            if path.name.split("_")[1] in ("podmonitors.yaml", "prometheusrules.yaml"):
                cls.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", path.read_text(), "yaml")
        cls.wait("/apis/monitoring.coreos.com/v1/podmonitors")

    @classmethod
    def start(cls, name: str, *words):
        log = open(cls.room / f"{name}.log", "wb")
        process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
        cls.addClassCleanup(log.close)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)

    @classmethod
    def run_etcd(cls):
        client, peer = (f"http://127.0.0.1:{PORTS[name]}" for name in ("etcd", "peer"))
        cls.start("etcd", "etcd", "--data-dir", cls.room / "etcd", "--listen-client-urls", client, "--advertise-client-urls",
                  client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                  "--initial-cluster", f"default={peer}")

    @classmethod
    def run_server(cls):
        key = cls.room / "account.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], capture_output=True, check=True)
        (cls.room / "tokens.csv").write_text(f'{TOKEN},test,1,"system:masters"\n')
        cls.start("api", SERVER / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{PORTS['etcd']}",
                  f"--cert-dir={cls.room}/certs", "--bind-address=127.0.0.1", f"--secure-port={PORTS['api']}",
                  "--service-account-issuer=https://test", f"--service-account-key-file={key}",
                  f"--service-account-signing-key-file={key}", f"--token-auth-file={cls.room}/tokens.csv",
                  "--authorization-mode=RBAC", "--service-cluster-ip-range=10.99.0.0/24")
        cls.wait("/readyz")

    @classmethod
    def write_kubeconfig(cls):
        cls.config = cls.room / "kubeconfig"
        cls.config.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": cls.url, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}))

    @classmethod
    def call(cls, method: str, path: str, body=None, kind: str = "json", token: str = TOKEN) -> dict:
        """The server's answer; urllib.error.HTTPError where it refuses."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(cls.url + path, data, method=method, headers={
            "Authorization": f"Bearer {token}", "Content-Type": f"application/{kind}"})
        # pylint: disable=protected-access
        with urllib.request.urlopen(request, timeout=30, context=ssl._create_unverified_context()) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith("{") else {"text": text}

    @classmethod
    def wait(cls, path: str):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return cls.call("GET", path)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{path}: {error}\n{(cls.room / 'api.log').read_text()[-3000:]}") from error
                time.sleep(0.5)

    def helm(self, *words, values=None) -> subprocess.CompletedProcess:
        return subprocess.run([TOOLS / "helm", "--kubeconfig", self.config, *words, "--values", "-"], text=True,
                              input=yaml.safe_dump(values or {}), capture_output=True, timeout=PATIENCE, check=False)

    def install(self, namespace: str, values: dict, verb: str = "install") -> str:
        done = self.helm(verb, "rel", CHART, "--namespace", namespace, "--create-namespace", values=values)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_defaults(self):
        told = self.install("defaults", {})
        self.assertIn("kubectl -n defaults exec ds/rel-fanfare -- fanfare status", told)
        daemons = self.call("GET", "/apis/apps/v1/namespaces/defaults/daemonsets")["items"]
        self.assertEqual([one["metadata"]["name"] for one in daemons], ["rel-fanfare"])
        pod = daemons[0]["spec"]["template"]["spec"]
        self.assertEqual(pod["containers"][0]["securityContext"]["capabilities"]["add"], ["BPF", "PERFMON", "NET_ADMIN"])

    def test_everything_and_an_upgrade_and_its_end(self):
        values = {"metrics": {"podMonitor": {"enabled": True}}, "prometheusRule": {"enabled": True},
                  "dashboards": {"enabled": True}, "networkPolicy": {"enabled": True}, "doctor": {"initContainer": True},
                  "security": {"scopeProof": "sysAdmin", "sysPtrace": "true", "seccompProfile": {"type": "RuntimeDefault"},
                               "appArmorProfile": {"type": "Unconfined"}}}
        self.install("all", values)
        where = "/apis/monitoring.coreos.com/v1/namespaces/all"
        self.assertEqual(len(self.call("GET", f"{where}/podmonitors")["items"]), 1)
        rules = self.call("GET", f"{where}/prometheusrules")["items"][0]["spec"]["groups"][0]["rules"]
        self.assertGreater(len(rules), 20)
        self.install("all", {"hostPID": False}, "upgrade")
        self.assertEqual(self.call("GET", f"{where}/podmonitors")["items"], [])
        done = subprocess.run([TOOLS / "helm", "--kubeconfig", self.config, "uninstall", "rel", "--namespace", "all"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in ("/apis/apps/v1/namespaces/all/daemonsets", "/api/v1/namespaces/all/serviceaccounts"):
            self.assertEqual([one for one in self.call("GET", path)["items"] if "fanfare" in one["metadata"]["name"]], [])

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
        account = "/api/v1/namespaces/account/serviceaccounts/rel-fanfare"
        token = self.call("POST", f"{account}/token", {"spec": {"expirationSeconds": 600}})["status"]["token"]
        self.call("GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn", token=token)
        self.call("GET", "/api/v1/pods?watch=1&timeoutSeconds=1&fieldSelector=spec.nodeName%3Dn", token=token)
        for method, path in (("GET", "/api/v1/secrets"), ("GET", "/api/v1/nodes"), ("GET", "/api/v1/configmaps"),
                             ("DELETE", "/api/v1/namespaces/account/pods/x"), ("POST", "/api/v1/namespaces/account/pods")):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.call(method, path, {} if method == "POST" else None, token=token)
            self.assertEqual(refused.exception.code, 403, path)
            refused.exception.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
