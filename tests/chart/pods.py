# SPDX-License-Identifier: Apache-2.0
"""Pods of the rendered chart on this machine, and a chat server beside them. Needs root."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from rendered import agent_pod, container_spec, of_kind, template

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60  # seconds; a busy machine's verifier takes some
# A chat server that belongs to somebody: one socket, EVENTS messages, then it waits.
SERVER = """
import os, socket, sys
os.setuid(65534)
with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    server.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n\\r\\n")
    server.sendall(b"\\x81\\x05hello" * 7)
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
"""
EVENTS = 7
PYTHON = os.path.realpath(sys.executable)


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

    fanfare: pathlib.Path  # the binary; both are set by the test's main program
    tools: pathlib.Path

    @classmethod
    def setUpClass(cls):
        cls.image = pathlib.Path(tempfile.mkdtemp(prefix="fanfare-chart-image-"))
        cls.addClassCleanup(shutil.rmtree, cls.image)
        subprocess.run([HERE.parents[1] / "helm/packages/closure.sh", cls.fanfare, cls.image / "root"], check=True)

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
        self.objects = template(self.tools, values)
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
        network = ["--net"] if spec["own_network"] else []
        enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        return ["sh", "-c", enter, self.cgroup, "unshare", "--mount", *network, "--uts", "--ipc", "--cgroup", *pids,
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
            raise AssertionError(f"exit {process.returncode}\n" + (self.room / "agent.log").read_text())

    def in_its_network(self, process, *words) -> subprocess.CompletedProcess:
        return subprocess.run(["nsenter", f"--net=/proc/{process.pid}/ns/net", *words], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def probe(self, process, probe: dict) -> str:
        port = self.pod["containers"][0]["ports"][0]["containerPort"]
        done = self.in_its_network(process, "curl", "-s", f"http://127.0.0.1:{port}{probe['httpGet']['path']}")
        return done.stdout

    def ask(self, *words) -> list:
        done = subprocess.run([self.fanfare, *words, "-o", "json", "--admin", self.room / "run" / "admin.sock"],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        return json.loads(done.stdout)

    def serve(self, into: pathlib.Path | None = None) -> tuple[int, int]:
        """A chat server of another user in a network namespace of its own: its pid and port."""
        enter = f'echo $$ > "{into}/cgroup.procs" && ' if into else ""
        process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", enter + 'ip link set lo up && exec "$@"', "sh", PYTHON, "-c", SERVER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        return process.pid, int(process.stdout.readline())
