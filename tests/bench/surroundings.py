# SPDX-License-Identifier: Apache-2.0
"""What every figure needs around it: cgroups, the meter, the agent. Each cleans up after itself."""
import pathlib
import re
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))

import cgroups  # noqa: E402
from agent import parse_metrics  # noqa: E402
from processes import Failure, JsonProcess, free_port, last_words, spawn, stop  # noqa: E402

READY_SECONDS = 30
CATCH_UP_SECONDS = 10  # until a tick has seen what was sent


class Peer(JsonProcess):
    """A child that answers {"error": TEXT} where it could not."""

    def hear(self, seconds: float = 90) -> dict:
        answer = super().hear(seconds)
        if "error" in answer:
            raise Failure(f"{self.name}: {answer['error']}")
        return answer


class Cgroups(cgroups.Cgroups):
    """One for each kind of programs."""

    def __init__(self):
        super().__init__("bench", ("ours", "empty", "none"))

    def __enter__(self):
        super().__enter__()
        self.home = str(cgroups.home_cgroup())
        self.ours, self.empty, self.none = self.paths.values()
        return self


class Meter(Peer):
    def __init__(self, bench_load: pathlib.Path, work: pathlib.Path):
        super().__init__("meter", [bench_load, "meter"], work / "meter.log")

    def runs(self, cgroup: str) -> dict:
        return self.ask("runs", cgroup=cgroup)


class Agent:
    """The real `fanfare agent` on one cgroup, asked by its public contract."""

    def __init__(self, fanfare: pathlib.Path, cgroup: str, work: pathlib.Path, config: str):
        self._fanfare, self._cgroup, self._log = fanfare, cgroup, work / "agent.log"
        self._config = config

    def __enter__(self):
        self._private = tempfile.TemporaryDirectory(prefix="fanfare-bench-")
        self._listen = f"127.0.0.1:{free_port()}"
        config = pathlib.Path(self._private.name) / "agent.yaml"
        config.write_text(self._config, encoding="utf-8")
        self._process = spawn(
            [self._fanfare, "agent", "--config", config, "--cgroup", self._cgroup, "--listen",
             self._listen, "--admin", f"{self._private.name}/admin.sock"], self._log)
        try:
            self._await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        stop(self._process)
        self._private.cleanup()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Failure(f"the agent did not start: {last_words(self._log)}")
            try:
                self._get("/readyz")
                return
            except OSError as error:
                refusal = error
            time.sleep(0.05)
        raise Failure(f"the agent is not ready: {refusal}")

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{self._listen}{path}", timeout=10) as answer:
            return answer.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """Sum over the series that carry these labels."""
        return sum(sample.value for sample in parse_metrics(self._get("/metrics"))
                   if sample.name == f"fanfare_{name}"
                   and labels.items() <= sample.labels.items())

    def events_out(self) -> int:
        return int(self.metric("messages_total", direction="out", **{"class": "event"}))

    def losses(self) -> dict[str, int]:
        return {sample.labels["reason"]: int(sample.value)
                for sample in parse_metrics(self._get("/metrics"))
                if sample.name == "fanfare_capture_losses_total" and sample.value}

    def must_have_counted(self, events: int) -> None:
        """A cost is only worth its name when the work was done."""
        self.must_have("messages_total", events, direction="out", **{"class": "event"})

    def must_have(self, name: str, due: int, **labels: str) -> None:
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while (counted := int(self.metric(name, **labels))) != due:
            if time.monotonic() > deadline:
                raise Failure(f"the agent's {name} {labels} is {counted}, {due} are due; "
                              f"losses {self.losses()}")
            time.sleep(0.2)

    def rss_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def cpu_seconds(self) -> float:
        schedstat = pathlib.Path(f"/proc/{self._process.pid}/schedstat").read_text(encoding="utf-8")
        return int(schedstat.split()[0]) * 1e-9

    def maps(self) -> dict[int, int]:
        """Memory in bytes by map id, as the kernel accounts it."""
        memory = {}
        for info in pathlib.Path(f"/proc/{self._process.pid}/fdinfo").iterdir():
            fields = dict(line.split(":\t", 1) for line in
                          info.read_text(encoding="utf-8").splitlines() if ":\t" in line)
            if "map_id" in fields:
                memory[int(fields["map_id"])] = int(fields["memlock"])
        return memory
