# SPDX-License-Identifier: Apache-2.0
"""Sets of connections over loopback, written burst by burst. The sets of one fan-out live in the
same processes, their sockets made in turn: what differs between them is their cgroup only.
"""
import dataclasses
import math
import pathlib
import statistics

from surroundings import Meter, Peer

SOCKETS_A_PROCESS = 16000  # below the usual hard limit of 20,000 descriptors
BATCH = 100                # connections opened before it is the next set's turn
SERVER_CPU, CLIENT_CPU = 0, 1


@dataclasses.dataclass(frozen=True)
class Set:
    name: str
    cgroup: str  # of the end that is measured
    protocol: str = "websocket"
    writer: str = "server"  # or "client", the end that connected
    port: int = 0  # where a server listens; 0: the kernel chooses
    measured: str = ""  # the end that is measured; the one that writes where nothing is said

    @property
    def measured_end(self) -> str:
        return self.measured or self.writer


@dataclasses.dataclass(frozen=True)
class Shape:
    """What one burst writes: so many send() on every socket."""
    passes: int = 8  # below TCP's initial window of 10: what is sent leaves at once
    size: int = 200
    frames: int = 1
    content: bytes = b""  # what each send() carries instead


class Pair:
    """A process with one end of some connections, and one with the other ends."""

    def __init__(self, bench_load: pathlib.Path, home: str, work: pathlib.Path, number: int,
                 client_cpu: int = CLIENT_CPU):
        self.server = Peer(f"server {number}", [bench_load, "sockets", home, str(SERVER_CPU)],
                           work / f"server{number}.log")
        self.client = Peer(f"client {number}", [bench_load, "sockets", home, str(client_cpu)],
                           work / f"client{number}.log")

    def ends(self, of: Set) -> tuple[Peer, Peer]:
        """The one that writes, the one that reads."""
        ends = (self.server, self.client)
        return ends if of.writer == "server" else ends[::-1]

    def close(self) -> None:
        for end in (self.server, self.client):
            end.__exit__()


class FanOut:
    def __init__(self, bench, sets: list[Set], sockets: int, client_cpu: int = CLIENT_CPU):
        self._bench, self._sets, self.sockets = bench, sets, sockets
        self._client_cpu = client_cpu
        self.pairs = []
        self.sends = {of.name: 0 for of in sets}  # by set, since it was opened

    def __enter__(self):
        count = math.ceil(len(self._sets) * self.sockets / SOCKETS_A_PROCESS)
        try:
            for number in range(count):
                self.pairs.append(Pair(self._bench.bench_load, self._bench.cgroups.home,
                                       self._bench.work, number, self._client_cpu))
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for pair in self.pairs:
            pair.close()

    def _open(self) -> None:
        ports = {(pair, of): pair.server.ask(
            "listen", set=of.name, port=of.port,
            cgroup=of.cgroup if of.measured_end == "server" else "")["port"]
            for pair in self.pairs for of in self._sets}
        share, rest = divmod(self.sockets, len(self.pairs))
        left = {key: share + (self.pairs.index(key[0]) < rest) for key in ports}
        while any(left.values()):
            for of in self._sets:
                self._open_batch(of, ports, left)

    def _open_batch(self, of: Set, ports: dict, left: dict) -> None:
        for pair in self.pairs:
            count = min(BATCH, left[pair, of])
            left[pair, of] -= count
            pair.server.tell("accept", set=of.name, count=count, protocol=of.protocol)
            pair.client.tell("connect", set=of.name, count=count, protocol=of.protocol,
                             port=ports[pair, of],
                             cgroup=of.cgroup if of.measured_end == "client" else "")
        for pair in self.pairs:
            pair.client.hear()
            pair.server.hear()

    def burst(self, of: Set, shape: Shape) -> float:
        """Nanoseconds a send(), by the median pass: a pass is too short to be disturbed often.
        All of it has been read when this returns."""
        passes_ns, sends = [], 0
        content = {"hex": shape.content.hex()} if shape.content else {}
        # Over all processes in turn for each pass: the working set is that of all sockets.
        for passes in [1] * shape.passes if len(self.pairs) > 1 else [shape.passes]:
            together = [0] * passes
            for pair in self.pairs:
                took = pair.ends(of)[0].ask("send", set=of.name, passes=passes, size=shape.size,
                                            frames=shape.frames, protocol=of.protocol,
                                            **content)
                together = [a + b for a, b in zip(together, took["pass_nanoseconds"], strict=True)]
                sends += took["sends"]
            passes_ns += together
            bytes_each = took["bytes_each"]
            for pair in self.pairs:
                pair.ends(of)[1].tell("receive", set=of.name, bytes_each=bytes_each)
            for pair in self.pairs:
                pair.ends(of)[1].hear()
        self.sends[of.name] += sends
        return statistics.median(passes_ns) / self.sockets

    def metered_burst(self, of: Set, shape: Shape, meter: Meter) -> dict[str, float]:
        """Nanoseconds a run of the programs on the set's cgroup, and runs for each send()."""
        sends, before = self.sends[of.name], meter.runs(of.cgroup)
        self.burst(of, shape)
        sends, after = self.sends[of.name] - sends, meter.runs(of.cgroup)
        spent = {hook: {key: after[hook][key] - before[hook][key]
                        for key in ("runs", "nanoseconds")}
                 for hook in ("egress", "ingress")}
        result = {hook: of_hook["nanoseconds"] / of_hook["runs"]
                  for hook, of_hook in spent.items() if of_hook["runs"]}
        data = "egress" if of.measured_end == of.writer else "ingress"
        return {**result, "runs_a_send": spent[data]["runs"] / sends}
