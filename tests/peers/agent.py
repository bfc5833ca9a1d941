# SPDX-License-Identifier: Apache-2.0
"""The agent under test: started on its own, asked by its public contract only."""
import collections
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

from processes import Failure, free_port, last_words, spawn, stop

READY_SECONDS = 60
LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Sample = collections.namedtuple("Sample", "name labels value")


def parse_metrics(text: str) -> list[Sample]:
    """Prometheus' text format, without the comments."""
    matches = (LINE.match(line) for line in text.splitlines() if not line.startswith("#"))
    return [Sample(m[1], dict(LABEL.findall(m[2] or "")), float(m[3])) for m in matches if m]


class Agent:
    """A running `fanfare agent`; leaving the context stops it and demands a clean end."""

    def __init__(self, fanfare: pathlib.Path, directory: pathlib.Path,
                 config: str = "node: peers\ncluster: peers\n", cgroup: str | None = None,
                 flags: tuple = ()):
        if os.geteuid() != 0:
            raise Failure("the agent needs root")
        self._fanfare = fanfare.resolve()
        self._log = directory / "agent.log"
        self.config = directory / "agent.yaml"
        self.config.write_text(config, encoding="utf-8")
        self._scope = ["--cgroup", cgroup] if cgroup else []  # else the whole host
        self._flags = flags
        # Not in the build directory: the path of a unix socket has at most 107 bytes.
        self._private = tempfile.TemporaryDirectory(prefix="fanfare-peers-")
        self._admin = f"{self._private.name}/admin.sock"
        self._listen = f"127.0.0.1:{free_port()}"

    def __enter__(self):
        argv = [self._fanfare, "agent", "--config", self.config, "--listen", self._listen,
                "--admin", self._admin, *self._scope, *self._flags]
        self._process = spawn(argv, self._log, stdout=subprocess.DEVNULL)
        try:
            self._await_ready()
        except Failure:
            stop(self._process)
            self._private.cleanup()
            raise
        return self

    def __exit__(self, kind, *_):
        status = stop(self._process)
        self._private.cleanup()
        if status != 0 and kind is None:
            raise Failure(f"the agent ended with {status}: {last_words(self._log)}")

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Failure(f"the agent did not start: {last_words(self._log)}")
            try:
                self._get("/readyz")
                return
            except OSError as error:  # refused, or a status that is not 200
                refusal = error
            time.sleep(0.1)
        raise Failure(f"/readyz is not 200 after {READY_SECONDS} s: {refusal}")

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{self._listen}{path}", timeout=5) as answer:
            return answer.read().decode()

    def metrics(self) -> list[Sample]:
        try:
            return parse_metrics(self._get("/metrics"))
        except OSError as error:
            raise Failure(f"/metrics: {error}; {last_words(self._log)}") from None

    def _listing(self, name: str) -> list[dict]:
        argv = [self._fanfare, name, "-o", "json", "--admin", self._admin]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f"`fanfare {name}` has not ended after 10 s") from None
        if done.returncode != 0:
            raise Failure(f"`fanfare {name}` ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def sockets(self) -> list[dict]:
        return self._listing("sockets")

    def peers(self) -> list[dict]:
        return self._listing("peers")
