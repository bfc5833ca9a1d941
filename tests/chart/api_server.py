# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes API server on the loopback: no nodes and no controllers, so that nothing runs."""
import json
import pathlib
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.request

import yaml

from rendered import CHART

PORTS = {"etcd": 23790, "peer": 23800, "api": 23643}
TOKEN = "token-of-the-test"
PATIENCE = 180  # seconds


class Api(unittest.TestCase):
    """One server for the tests of a class."""

    tools: pathlib.Path  # of setup.sh; both are set by the test's main program
    server: pathlib.Path  # of api_setup.sh

    @classmethod
    def setUpClass(cls):
        room = tempfile.TemporaryDirectory(prefix="fanfare-api-")
        cls.addClassCleanup(room.cleanup)
        cls.server_room = pathlib.Path(room.name)
        cls.url = f"https://127.0.0.1:{PORTS['api']}"
        cls.run_etcd()
        cls.run_server()
        cls.write_kubeconfig()
        for path in (cls.tools / "crds").glob("*_*s.yaml"):
            if path.name.split("_")[1] in ("podmonitors.yaml", "prometheusrules.yaml"):
                cls.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", path.read_text(), "yaml")
        cls.wait("/apis/monitoring.coreos.com/v1/podmonitors")

    @classmethod
    def start(cls, name: str, *words):
        log = open(cls.server_room / f"{name}.log", "wb")
        process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
        cls.addClassCleanup(log.close)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)

    @classmethod
    def run_etcd(cls):
        client, peer = (f"http://127.0.0.1:{PORTS[name]}" for name in ("etcd", "peer"))
        cls.start("etcd", "etcd", "--data-dir", cls.server_room / "etcd", "--listen-client-urls", client,
                  "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                  "--initial-cluster", f"default={peer}")

    @classmethod
    def run_server(cls):
        key = cls.server_room / "account.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], capture_output=True, check=True)
        (cls.server_room / "tokens.csv").write_text(f'{TOKEN},test,1,"system:masters"\n')
        cls.start("api", cls.server / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{PORTS['etcd']}",
                  f"--cert-dir={cls.server_room}/certs", "--bind-address=127.0.0.1", f"--secure-port={PORTS['api']}",
                  "--service-account-issuer=https://test", f"--service-account-key-file={key}",
                  f"--service-account-signing-key-file={key}", f"--token-auth-file={cls.server_room}/tokens.csv",
                  "--authorization-mode=RBAC", "--service-cluster-ip-range=10.99.0.0/24")
        cls.wait("/readyz")

    @classmethod
    def write_kubeconfig(cls):
        cls.config = cls.server_room / "kubeconfig"
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
                    log = (cls.server_room / "api.log").read_text()[-3000:]
                    raise AssertionError(f"{path}: {error}\n{log}") from error
                time.sleep(0.5)

    def helm(self, *words, values=None) -> subprocess.CompletedProcess:
        return subprocess.run([self.tools / "helm", "--kubeconfig", self.config, *words, "--values", "-"], text=True,
                              input=yaml.safe_dump(values or {}), capture_output=True, timeout=PATIENCE, check=False)

    def install(self, namespace: str, values: dict, verb: str = "install") -> str:
        done = self.helm(verb, "rel", CHART, "--namespace", namespace, "--create-namespace", values=values)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def account_token(self, namespace: str) -> str:
        """A token of the agent's account, as a pod of it would have."""
        account = f"/api/v1/namespaces/{namespace}/serviceaccounts/rel-fanfare"
        return self.call("POST", f"{account}/token", {"spec": {"expirationSeconds": 3600}})["status"]["token"]
