# SPDX-License-Identifier: Apache-2.0
"""The agent for real, as the rendered pod says: its capabilities, its read-only root, its mounts, its image.

Everything that the chart turns on must work so; each capability and each mount taken away must be named by doctor.
Needs root. usage: pod_test.py FANFARE TOOLS (what setup.sh brought) [unittest's arguments]
"""
import json
import os
import pathlib
import re
import sys
import unittest

import container
from pods import EVENTS, PYTHON, Pod, wait_for
from rendered import of_kind

if len(sys.argv) > 2:
    Pod.fanfare, Pod.tools = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2))

class Works(Pod):
    def test_with_the_defaults(self):
        one = self.render()
        with self.agent(one) as process:
            for probe in ("startupProbe", "livenessProbe"):
                self.assertEqual(self.probe(process, one[probe]), "alive\n")
            scraped = self.in_its_network(process, "curl", "-s", "http://127.0.0.1:9477/metrics").stdout
            self.assertIn('node="node-of-the-test"', scraped)
            pid, port = self.serve()
            mine = wait_for("the server's socket", lambda: [row for row in self.ask("sockets") if row["pid"] == pid])
            self.assertEqual([row["local"].rpartition(":")[2] for row in mine], [str(port)])
            wait_for("its events", lambda: [row for row in self.ask("sockets")
                                            if row["pid"] == pid and row["events_out"] == EVENTS])
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            wanted = sum(1 << container.CAPABILITIES[name] for name in one["securityContext"]["capabilities"]["add"])
            for line in ("CapEff", "CapPrm", "CapBnd"):
                self.assertEqual(int(re.search(rf"{line}:\s*(\w+)", status).group(1), 16), wanted, line)
        log = (self.room / "agent.log").read_text()
        self.assertNotRegex(log, r"\[?(error|warn)", log)
        # What is normal outlives the pod.
        self.assertTrue((self.room / "run" / "admin.sock.state").exists())

    def test_helm_test(self):
        one = self.render()
        with self.agent(one):
            for pod in of_kind(self.objects, "Pod"):
                tester = pod["spec"]["containers"][0]
                done = self.run_once(self.spec(tester, pod["spec"]), self.arguments(tester))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual([pod["metadata"]["name"] for pod in of_kind(self.objects, "Pod")],
                             ["rel-fanfare-doctor", "rel-fanfare-selftest"])

    def test_executables_of_others(self):
        one = self.render({"config": {"shards": [{"name": "by-exe", "match": {"exe": PYTHON}}]}})
        self.assertIn("SYS_PTRACE", one["securityContext"]["capabilities"]["add"])
        with self.agent(one):
            pid, _ = self.serve()
            row = wait_for("the shard", lambda: [row for row in self.ask("sockets") if row["pid"] == pid])[0]
            self.assertEqual(row["shard"], "by-exe")

    def test_where_the_runtime_forbids_namespaces(self):
        one = self.render({"security": {"scopeProof": "sysAdmin", "seccompProfile": {"type": "RuntimeDefault"}}})
        with self.agent(one):
            self.assertIs(self.ask("status")["ready"], True)

    def test_without_the_hosts_pids(self):
        one = self.render({"hostPID": False, "runDir": {"type": "emptyDir"}})
        done = self.run_once(self.spec(one), ["doctor", *self.arguments(one)[1:4]])
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"[×X] +FF-402")
        self.assertEqual(len(re.findall(r"^ *[×X] ", done.stdout, re.M)), 1, done.stdout)


class TakenAway(Pod):
    """Each in turn, and doctor names it."""

    CODES = {"BPF": "FF-201", "PERFMON": "FF-202", "NET_ADMIN": "FF-203", "SYS_PTRACE": "FF-207", "SYS_ADMIN": "FF-401"}

    def misses(self, one: dict, result="miss", **changes) -> tuple[int, set]:
        """Exit code and the codes of the checks with that result."""
        words = ["doctor", *self.arguments(one)[1:4], "-o", "json"]
        done = self.run_once(self.spec(one, **changes), words)
        document = json.loads(done.stdout or "{}")
        self.assertTrue(document, done.stderr)
        missed = [check for check in document["checks"] if check["result"] == result]
        for check in missed:
            self.assertTrue(check["remedy"] and check["consequence"], check)
        return done.returncode, {check["code"] for check in missed}

    def test_each_capability(self):
        values = {"config": {"shards": [{"name": "a", "match": {"exe": "/usr/bin/a"}}]},
                  "security": {"scopeProof": "sysAdmin", "seccompProfile": {"type": "RuntimeDefault"}}}
        one = self.render(values)
        granted = one["securityContext"]["capabilities"]["add"]
        self.assertEqual(set(granted), set(self.CODES))
        self.assertEqual(self.misses(one), (0, set()))
        for name in granted:
            left = [other for other in granted if other != name]
            # CAP_SYS_ADMIN stands for the first two, so it goes with them.
            if name in ("BPF", "PERFMON"):
                left.remove("SYS_ADMIN")
            # Where no namespace can be made the agent counts, and cannot prove that it sees the whole host.
            is_needed = name != "SYS_ADMIN"
            code, told = self.misses(one, "miss" if is_needed else "warning", capabilities=left,
                                     without_namespaces="SYS_ADMIN" not in left)
            self.assertIn(self.CODES[name], told, name)
            self.assertEqual(code != 0, is_needed, name)

    def test_each_mount(self):
        one = self.render()
        for name, expected in (("cgroup", "FF-103"), ("config", "FF-501"), ("run", "FF-503")):
            path = next(mount["mountPath"] for mount in one["volumeMounts"] if mount["name"] == name)
            mounts = [mount for mount in self.spec(one)["mounts"] if mount["target"] != path]
            self.assertLess(len(mounts), 3)
            code, missed = self.misses(one, mounts=mounts)
            self.assertEqual((code, missed), (4, {expected}), name)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: pod_test loads kernel programs and needs root", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
