# SPDX-License-Identifier: Apache-2.0
"""The agent for real, as the rendered pod says: its capabilities, its read-only root, its mounts, its image.

Everything that the chart turns on must work so; each capability and each mount taken away must be named by doctor.
Needs root. usage: pod_test.py FANFARE TOOLS (what setup.sh brought) [unittest's arguments]
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest


import container
from rendered import agent_pod, container_spec, of_kind, template

FANFARE, TOOLS = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2)) if len(sys.argv) > 2 else (None, None)
HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60  # seconds; a busy machine's verifier takes some
# A chat server that belongs to somebody: one socket, EVENTS messages, then it waits.
SERVER = """
import socket, sys, time
with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    server.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n\\r\\n")
    server.sendall(b"\\x81\\x05hello" * 7)
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
"""
EVENTS = 7


def cgroup_root() -> pathlib.Path:
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return pathlib.Path(next(line.split()[4] for line in mounts if " - cgroup2 " in line))


def wait_for(what: str, found):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


class Pod(unittest.TestCase):
    """One pod of the chart on this machine."""

    values: dict = {}

    @classmethod
    def setUpClass(cls):
        cls.image = pathlib.Path(tempfile.mkdtemp(prefix="fanfare-chart-image-"))
        cls.addClassCleanup(shutil.rmtree, cls.image)
        subprocess.run([HERE.parents[1] / "helm/packages/closure.sh", FANFARE, cls.image / "root"], check=True)

    def setUp(self):
        room = tempfile.TemporaryDirectory(prefix="fanfare-chart-")
        self.addCleanup(room.cleanup)
        self.room = pathlib.Path(room.name)
        (self.room / "run").mkdir()
        (self.room / "config").mkdir()
        self.cgroup = cgroup_root() / f"fanfare-pod-{os.getpid()}"
        self.cgroup.mkdir(exist_ok=True)
        self.addCleanup(self.cgroup.rmdir)

    def render(self, values=None):
        self.objects = template(TOOLS, values)
        self.pod = agent_pod(self.objects)
        for one in of_kind(self.objects, "ConfigMap"):
            (self.room / "config" / "fanfare.yaml").write_text(one["data"]["fanfare.yaml"])
        return self.pod["containers"][0]

    def spec(self, one: dict, pod: dict | None = None, **changes) -> dict:
        root = self.image / "root"
        sources = {"config": self.room / "config", "run": self.room / "run"}
        spec = {**container_spec(pod or self.pod, one, root, sources), **changes}
        for volume in spec["mounts"]:
            (root / volume["target"].lstrip("/")).mkdir(parents=True, exist_ok=True)
        return spec

    def command(self, spec: dict, words: list) -> list:
        path = self.room / f"spec-{len(list(self.room.iterdir()))}.json"
        path.write_text(json.dumps(spec))
        pids = [] if spec["host_pid"] else ["--pid", "--fork", "--kill-child"]
        enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        return ["sh", "-c", enter, self.cgroup, "unshare", "--mount", "--net", "--uts", "--ipc", "--cgroup", *pids,
                sys.executable, HERE / "container.py", path, *words]

    def run_once(self, spec: dict, words: list) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(spec, words), capture_output=True, text=True, timeout=PATIENCE, check=False)

    def arguments(self, one: dict) -> list:
        return [word.replace("$(NODE_NAME)", "node-of-the-test") for word in one["args"]]

    @contextlib.contextmanager
    def agent(self, one: dict, **changes):
        """A running agent, ready. Yields its process."""
        with open(self.room / "agent.log", "wb") as log, subprocess.Popen(
                self.command(self.spec(one, **changes), self.arguments(one)), stderr=log) as process:
            try:
                wait_for("ready", lambda: self.died(process) or self.probe(process, one["readinessProbe"]) == "ready\n")
                yield process
            finally:
                process.terminate()
                process.wait(PATIENCE)

    def died(self, process):
        if process.poll() is not None:
            raise AssertionError((self.room / "agent.log").read_text())

    def in_its_network(self, process, *words) -> subprocess.CompletedProcess:
        return subprocess.run(["nsenter", f"--net=/proc/{process.pid}/ns/net", *words], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def probe(self, process, probe: dict) -> str:
        done = self.in_its_network(process, "curl", "-s", f"http://127.0.0.1:9477{probe['httpGet']['path']}")
        return done.stdout

    def ask(self, *words) -> list:
        done = subprocess.run([FANFARE, *words, "-o", "json", "--admin", self.room / "run" / "admin.sock"],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        return json.loads(done.stdout)

    def serve(self) -> tuple[int, int]:
        """A chat server of another user in a network namespace of its own: its pid and port."""
        process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec setpriv --reuid=65534 --clear-groups "$@"', "sh",
             os.path.realpath("/usr/bin/python3"), "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        return process.pid, int(process.stdout.readline())


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
        exe = os.path.realpath("/usr/bin/python3")
        one = self.render({"config": {"shards": [{"name": "by-exe", "match": {"exe": exe}}]}})
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

    def misses(self, one: dict, **changes) -> tuple[int, set]:
        words = ["doctor", *self.arguments(one)[1:4], "-o", "json"]
        done = self.run_once(self.spec(one, **changes), words)
        document = json.loads(done.stdout or "{}")
        self.assertTrue(document, done.stderr)
        missed = [check for check in document["checks"] if check["result"] == "miss"]
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
            code, missed = self.misses(one, capabilities=left, without_namespaces="SYS_ADMIN" not in left)
            self.assertIn(self.CODES[name], missed, name)
            self.assertNotEqual(code, 0, name)

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
