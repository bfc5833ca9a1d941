# SPDX-License-Identifier: Apache-2.0
"""The cluster: three hosts with a chat node and an agent each, an Alertmanager, clients with truth.

All of it is this process's: it ends with the context, with Ctrl-C, and when this process dies.
"""
import contextlib
import dataclasses
import pathlib
import signal
import time

import second
import web
from alertmanager import Alertmanager
from cells import Cells
from hosts import SWITCH, Hosts
from node import CLIENTS, ChatNode, HostAgent
from processes import Failure, JsonProcess
from waiting import Waiting

NODES = 3
START_SECONDS = 60  # patience, no demand


@dataclasses.dataclass(frozen=True)
class Load:
    clients: int = 12  # of each node
    rooms: int = 6
    rooms_of_client: int = 2
    rate: float = 20  # events a second, all nodes together
    rest_share: float = 0.2  # of the events
    settle_seconds: int = 3
    cells: int = 0  # of each node: addresses that its clients share, each of which can be cut off
    read_buffer: int = 0  # bytes, of each client; 0: the kernel's own
    retries: int = 0  # net.ipv4.tcp_retries2 of the hosts; 0: the kernel's own
    publishes: tuple = ()  # paths whose POST is a publish, told to the agents
    has_rooms: bool = False  # the agents are told how the room of an event is read
    agents_wait: bool = False  # they are started by the scenario
    records: int = 4096  # limits.sockets of the agents


def end_on_signals() -> None:
    """So that every context is left; the default of SIGTERM would leave none."""
    def end(number, _):
        raise Failure(f"ended by {signal.Signals(number).name}")

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


class Cluster:
    """Use as a context. `fanfare` None: no agents, for work on the cluster itself."""

    def __init__(self, fanfare: pathlib.Path | None, work: pathlib.Path, logs: pathlib.Path,
                 load: Load):
        self._fanfare = fanfare.resolve() if fanfare else None
        self._work, self.logs, self.load = work.resolve(), logs, load
        logs.mkdir(parents=True, exist_ok=True)
        self.nodes: dict[str, ChatNode] = {}
        self.agents: dict[str, HostAgent] = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._bring_up(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _bring_up(self, stack: contextlib.ExitStack) -> None:
        hosts = stack.enter_context(Hosts(NODES))
        self.cells = Cells([host.name for host in hosts.all], self.load.cells)
        for host in hosts.all if self.load.retries else []:
            host.set_retries(self.load.retries)
        self.waiting = stack.enter_context(Waiting(hosts.cgroup))
        self.alertmanager = stack.enter_context(Alertmanager(
            SWITCH, hosts.directory, self.logs / "alertmanager.log", self.waiting))
        for host in hosts.all if self._fanfare else []:
            agent = HostAgent(self._fanfare, host, hosts.all, self.alertmanager.url,
                              hosts.directory, self.logs / f"agent-{host.name}", self.load.publishes,
                              self.load.has_rooms, self.load.records)
            stack.callback(agent.stop)
            self.agents[host.name] = agent
        if not self.load.agents_wait:
            self.start_agents()
        for host in hosts.all:
            node = ChatNode(self._work / "chatd", host, hosts.all, self.logs / host.name)
            stack.callback(node.stop)
            node.start()
            self.nodes[host.name] = node
        for node in self.nodes.values():
            node.await_serving()
        web.wait_for("the shard has a leader", self.leader, START_SECONDS)
        self.clients = stack.enter_context(
            JsonProcess("chatload", self._load_argv(CLIENTS), self.logs / "chatload.log"))
        self.await_clients()

    def start_agents(self) -> None:
        for agent in self.agents.values():
            agent.start()
        for agent in self.agents.values():
            agent.await_ready()

    def _load_argv(self, port: int) -> list:
        nodes = ",".join(f"{n.name}={n.host.address}:{port}" for n in self.nodes.values())
        load = self.load
        return [self._work / "chatload", "--nodes", nodes, "--clients", str(load.clients),
                "--rooms", str(load.rooms), "--in", str(load.rooms_of_client),
                "--rate", str(load.rate), "--rest", str(load.rest_share),
                "--settle", f"{load.settle_seconds}s", "--read-buffer", str(load.read_buffer),
                "--from", ",".join(self.cells.addresses)]

    def second_shard(self, name: str) -> None:
        """Another shard on the same hosts, under the same load; it stays well."""
        for agent in self.agents.values():
            second.watch(agent, name)
        hosts = [node.host for node in self.nodes.values()]
        nodes = [second.SecondNode(self._work / "chatd", host, hosts, self.logs / f"{name}-{host.name}")
                 for host in hosts]
        for node in nodes:
            self._stack.callback(node.stop)
            node.start()
        for node in nodes:
            node.await_serving()
        self._stack.enter_context(JsonProcess(
            f"chatload of {name}", self._load_argv(CLIENTS + second.ABOVE), self.logs / f"{name}-chatload.log"))

    def await_clients(self, seconds: float = START_SECONDS) -> None:
        due = {name: self.load.clients for name in self.nodes}
        web.wait_for("all clients are connected",
                     lambda: self.clients.ask("report")["connected"] == due, seconds)

    def leader(self) -> str | None:
        """The name of the node that leads, by its own word."""
        for node in self.nodes.values():
            with contextlib.suppress(Failure):
                if node.stats()["raft"]["state"] == "Leader":
                    return node.name
        return None

    def truth(self, since: float = 0, until: float = 0) -> dict:
        """The clients' counts by node of what was published in the whole seconds of the span.

        Times are time.time(); blocks until the span has settled.
        """
        if until:
            time.sleep(max(0, until + self.load.settle_seconds + 1 - time.time()))
        report = self.clients.ask("report", since=int(since) + 1 if since else 0, until=int(until))
        empty = {"due": 0, "reached": 0, "copies_due": 0, "copies": 0, "duplicates": 0}
        return {name: report["nodes"].get(name, empty) for name in self.nodes}
