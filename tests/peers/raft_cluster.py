# SPDX-License-Identifier: Apache-2.0
"""Three nodes on hashicorp/raft, each as if alone on a host: a loopback address, a cgroup and an
agent of its own. The truth is what each node's library has decoded (raft/counted.go).

Not here: what the nodes are made to do (raft_scenario.py), what the agents must say
(raft_verdict.py).
"""
import contextlib
import dataclasses
import pathlib
import time

import cgroups
from agent import Agent
from processes import Failure, JsonProcess, free_port

ADDRESSES = {"a": "127.0.0.1", "b": "127.0.0.2", "c": "127.0.0.3"}
NAMES = {address: name for name, address in ADDRESSES.items()}
UNNAMED = ""  # the sender of an RPC that does not say who sent it
KINDS = ("append", "append_empty", "heartbeat", "vote", "snapshot", "other")
COUNTS = (*KINDS, "entries", "commands")
ELECTION_SECONDS = 60
STILL_SECONDS = 0.3  # without an RPC: what was on its way has come

CONFIG = """
node: {name}
cluster: peers
shards:
  - name: raft
    match: {{cgroup: /}}
    replication:
      protocol: hashicorp-raft
      ports: [{port}]
      peers: {{{peers}}}
"""


@dataclasses.dataclass
class Received:
    """What a node has received from one sender, over all its processes."""
    counts: dict = dataclasses.field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    largest: int = 0  # entries of one append
    last_index: int = 0

    def add(self, counts: dict) -> None:
        for what in COUNTS:
            self.counts[what] += counts[what]
        self.largest = max(self.largest, counts["largest"])
        self.last_index = max(self.last_index, counts["last_index"])


class Node(JsonProcess):
    """One server; what its earlier processes received is kept."""

    def __init__(self, name: str, program: pathlib.Path, address: str, cgroup: str, log):
        super().__init__(f"node {name}", cgroups.inside(cgroup, [program, address]), log)
        self.hear()

    def hear(self, seconds: float = 60) -> dict:
        answer = super().hear(seconds)
        if "error" in answer:
            raise Failure(f"{self.name}: {answer['error']}")
        return answer


class Cluster:
    def __init__(self, program: pathlib.Path, fanfare: pathlib.Path | None,
                 directory: pathlib.Path):
        self._program, self._fanfare, self._directory = program, fanfare, directory
        self._port = free_port("0.0.0.0")  # free on every address
        self._earlier = {name: [] for name in ADDRESSES}  # last reports of killed processes
        self._stack = contextlib.ExitStack()
        self.nodes, self.agents = {}, {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._cgroups = stack.enter_context(cgroups.Cgroups("peers", ADDRESSES)).paths
            for name in ADDRESSES if self._fanfare else ():
                self.agents[name] = stack.enter_context(self._agent(name))
            for name in ADDRESSES:
                self.spawn(name)
                stack.callback(lambda name=name: self.nodes[name].__exit__())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *what):
        return self._stack.__exit__(*what)

    def _agent(self, name: str) -> Agent:
        directory = self._directory / name
        directory.mkdir()
        peers = ", ".join(f"{ADDRESSES[other]}: {other}" for other in ADDRESSES if other != name)
        return Agent(self._fanfare, directory, cgroup=self._cgroups[name],
                     config=CONFIG.format(name=name, port=self._port, peers=peers))

    def _address(self, name: str) -> str:
        return f"{ADDRESSES[name]}:{self._port}"

    def spawn(self, name: str) -> None:
        self.nodes[name] = Node(name, self._program, self._address(name), self._cgroups[name],
                                self._directory / f"node-{name}.log")

    def kill(self, name: str) -> None:
        self._earlier[name].append(self.nodes[name].ask("report")["received"])
        self.nodes[name].kill()

    def bootstrap(self) -> None:
        """All of them, so that the first entry (who belongs to the cluster) is never sent."""
        for node in self.nodes.values():
            node.ask("bootstrap", servers=[self._address(name) for name in ADDRESSES])

    def reports(self, names=tuple(ADDRESSES)) -> dict[str, dict]:
        return {name: self.nodes[name].ask("report") for name in names}

    def await_leader(self, names=tuple(ADDRESSES)) -> str:
        """The one that leads, once all of `names` are of its term."""
        deadline = time.monotonic() + ELECTION_SECONDS
        while time.monotonic() < deadline:
            reports = self.reports(names)
            leaders = [name for name in names if reports[name]["state"] == "Leader"]
            followers = [name for name in names if reports[name]["state"] == "Follower"]
            terms = {report["stats"]["term"] for report in reports.values()}
            if len(leaders) == 1 and len(followers) == len(names) - 1 and len(terms) == 1:
                return leaders[0]
            time.sleep(0.05)
        raise Failure(f"no leader after {ELECTION_SECONDS} s: {reports}")

    def await_level(self, names=tuple(ADDRESSES)) -> int:
        """The last log index, once all of `names` have applied it."""
        deadline = time.monotonic() + ELECTION_SECONDS
        while time.monotonic() < deadline:
            stats = [report["stats"] for report in self.reports(names).values()]
            last = {max(int(one["last_log_index"]), int(one["last_snapshot_index"]))
                    for one in stats}
            if len(last) == 1 and {int(one["applied_index"]) for one in stats} == last:
                return last.pop()
            time.sleep(0.05)
        raise Failure(f"the logs are not level after {ELECTION_SECONDS} s: {stats}")

    def freeze(self) -> None:
        """Stops all requests where they leave, and waits until what was sent has been received."""
        for node in self.nodes.values():
            node.ask("freeze")
        still_since, before = time.monotonic(), None
        while time.monotonic() < still_since + STILL_SECONDS:
            now = {name: report["received"] for name, report in self.reports().items()}
            if now != before:
                still_since, before = time.monotonic(), now
            time.sleep(0.02)

    def thaw(self) -> None:
        for node in self.nodes.values():
            node.ask("thaw")

    def received(self) -> dict[tuple[str, str], Received]:
        """By (sender, receiver); the sender is UNNAMED where the RPC does not tell."""
        table = {(sender, name): Received() for sender in (*ADDRESSES, UNNAMED)
                 for name in ADDRESSES if sender != name}
        for name, report in self.reports().items():
            for received in (*self._earlier[name], report["received"]):
                for sender, counts in received.items():
                    table[NAMES.get(sender, UNNAMED), name].add(counts)
        return table
