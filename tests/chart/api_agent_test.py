# SPDX-License-Identifier: Apache-2.0
"""The chart's pod, run for real, watches the pods of its node at a real Kubernetes API server with its own account.

There is no kubelet: the test puts a chat server into a cgroup as containerd would name it, and tells the server of its
pod. Not in CTest, see api_setup.sh. Needs root.
usage: api_agent_test.py FANFARE TOOLS (of setup.sh) SERVER (of api_setup.sh) [unittest's arguments]
"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

from api_server import PORTS, Api
from pods import EVENTS, Pod, cgroup_root, wait_for

if len(sys.argv) > 3:
    Pod.fanfare, Pod.tools, Api.server = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(3))
    Api.tools = Pod.tools

NAMESPACE, METRICS_PORT, CONTAINER = "watched", 23477, "c0ffee" * 10 + "c0ff"
VALUES = {"metrics": {"port": METRICS_PORT},
          "config": {"shards": [{"name": "chat", "match": {"pod_labels": {"app": "chat"}}}]}}
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class Watched(Api, Pod):
    @classmethod
    def setUpClass(cls):
        Pod.setUpClass.__func__(cls)
        Api.setUpClass.__func__(cls)

    def setUp(self):
        Pod.setUp(self)
        self.install(NAMESPACE, VALUES, "upgrade" if self.installed() else "install")
        self.one = self.render(VALUES)
        account = self.room / "account"
        account.mkdir()
        (account / "token").write_text(self.account_token(NAMESPACE))
        (account / "ca.crt").write_bytes((self.server_room / "certs" / "apiserver.crt").read_bytes())

    def installed(self) -> bool:
        return "rel-fanfare" in json.dumps(self.call("GET", f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets"))

    def spec(self, one, pod=None, **changes) -> dict:
        """With what Kubernetes adds to a pod: where the API server is, and the account's token."""
        spec = Pod.spec(self, one, pod, **changes)
        spec["environment"] |= {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(PORTS["api"])}
        spec["mounts"].append({"source": str(self.room / "account"), "target": ACCOUNT, "read_only": True})
        (self.image / "root" / ACCOUNT.lstrip("/")).mkdir(parents=True, exist_ok=True)
        spec["own_network"] = False  # the server listens on this machine's loopback
        return spec

    def make_pod(self, name: str) -> str:
        """A running pod of the node; its uid."""
        pods = f"/api/v1/namespaces/{NAMESPACE}/pods"
        made = self.call("POST", pods, {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "chat"}},
            "spec": {"nodeName": "node-of-the-test", "serviceAccountName": "rel-fanfare",
                     "automountServiceAccountToken": False, "containers": [{"name": "chatd", "image": "chatd"}]}})
        status = {"status": {"phase": "Running", "podIP": "10.0.0.9", "containerStatuses": [{
            "name": "chatd", "image": "chatd", "imageID": "", "ready": True, "restartCount": 0,
            "containerID": f"containerd://{CONTAINER}"}]}}
        self.call("PATCH", f"{pods}/{name}/status", json.dumps(status), "merge-patch+json")
        return made["metadata"]["uid"]

    def serve_in(self, uid: str) -> int:
        """A chat server in the cgroup that containerd with the driver cgroupfs makes for this pod; its pid."""
        cgroup = cgroup_root() / "kubepods" / "besteffort" / f"pod{uid}" / CONTAINER
        cgroup.mkdir(parents=True)
        for directory in reversed((cgroup, *list(cgroup.parents)[:3])):  # the innermost goes first, after the server
            self.addCleanup(self.remove_if_empty, directory)
        pid, _ = self.serve(into=cgroup)
        return pid

    def remove_if_empty(self, directory: pathlib.Path):
        with contextlib.suppress(OSError):
            directory.rmdir()

    def test_sockets_have_their_pods_and_shards(self):
        listed = self.make_pod("listed")
        with self.agent(self.one):
            watched = self.make_pod("watched")
            for uid, name in ((listed, "listed"), (watched, "watched")):
                pid = self.serve_in(uid)
                row = wait_for(name, lambda pid=pid: [row for row in self.ask("sockets") if row["pid"] == pid
                                                      and row["pod"] and row["shard"] == "chat"])[0]
                self.assertEqual((row["namespace"], row["pod"], row["container"], row["events_out"]),
                                 (NAMESPACE, name, "chatd", EVENTS))

    def test_doctor_asks_with_the_pods_account(self):
        words = ["doctor", *self.arguments(self.one)[1:4], "-o", "json"]

        def names_of_pods() -> dict:
            done = self.run_once(self.spec(self.one), words)
            self.assertTrue(done.stdout, f"exit {done.returncode}\n{done.stderr}")
            return next(check for check in json.loads(done.stdout)["checks"] if check["code"] == "FF-505")
        self.assertEqual(names_of_pods()["result"], "ok")
        binding = f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{NAMESPACE}-rel-fanfare"
        self.call("DELETE", binding)
        check = wait_for("the refusal", lambda: (found := names_of_pods())["result"] == "miss" and found)
        self.assertIn("403", check["cause"])


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: api_agent_test loads kernel programs and needs root", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
