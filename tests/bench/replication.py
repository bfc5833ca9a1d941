# SPDX-License-Identifier: Apache-2.0
"""The cost of one replication RPC and of one log entry beside that of one WebSocket message.

The leader's end is under our programs, the follower only reads. The bytes are those that
hashicorp/raft 1.5.0 itself once sent, with as many of its entries as are wanted.
"""
import pathlib

from fan_out import FanOut, Set, Shape
from report import NO_TARGET, alternate, figure, middle, ratios
from run_time import must_be_one_segment, statistics_on
from surroundings import Failure, free_port

CAPTURE = pathlib.Path(__file__).resolve().parent.parent / "captures/hashicorp-raft-1.5.0.02.bin"
RPC, ENTRY = b"\x00\x89\xa4Addr", b"\x86\xaaAppendedAt"  # how an append and an entry begin
AFTER_ENTRIES = b"\xa2ID"  # the key behind them
NO_ENTRIES = b"\xa7Entries\x90"
CAPTURED_ENTRIES = 64  # of its fullest append
ENTRIES = (1, 16, 64)

CONFIG = """
node: bench
shards:
  - name: bench
    match: {{cgroup: /}}
    replication: {{protocol: hashicorp-raft, ports: [{port}]}}
"""


def array_header(count: int) -> bytes:
    return bytes([0x90 | count]) if count < 16 else b"\xdc" + count.to_bytes(2, "big")


def append(entries: int) -> bytes:
    """One AppendEntries RPC, complete."""
    rpcs = [RPC + rest for rest in CAPTURE.read_bytes().split(RPC)[1:]]
    if entries == 0:
        return next(rpc for rpc in rpcs if NO_ENTRIES in rpc)
    head, *captured = max(rpcs, key=len).split(ENTRY)
    if len(captured) != CAPTURED_ENTRIES or not head.endswith(array_header(CAPTURED_ENTRIES)):
        raise Failure(f"{CAPTURE} has no append of {CAPTURED_ENTRIES} entries")
    last, tail = captured[-1].split(AFTER_ENTRIES, 1)
    bodies = [*captured[:-1], last][:entries]
    head = head.removesuffix(array_header(CAPTURED_ENTRIES)) + array_header(entries)
    return head + b"".join(ENTRY + body for body in bodies) + AFTER_ENTRIES + tail


def appends(bench) -> list[dict]:
    """Data runs of the egress program: a message, an empty append, appends with entries."""
    port, sockets, event = free_port(), bench.scaled(500), Shape()
    clients = Set("clients", bench.cgroups.ours)
    leader = Set("leader", bench.cgroups.ours, protocol="plain", writer="client", port=port)
    shapes = {count: Shape(content=append(count)) for count in (0, *ENTRIES)}
    rpcs = dict.fromkeys(shapes, 0)
    with bench.agent(bench.cgroups.ours, CONFIG.format(port=port)) as agent, \
            FanOut(bench, [clients, leader], sockets) as fan_out, statistics_on(bench):

        def replicate(count: int) -> dict[str, float]:
            before = fan_out.sends["leader"]
            spent = fan_out.metered_burst(leader, shapes[count], bench.meter)
            rpcs[count] += fan_out.sends["leader"] - before
            return spent

        measured = alternate(
            {"event": lambda: fan_out.metered_burst(clients, event, bench.meter),
             **{count: lambda count=count: replicate(count) for count in shapes}},
            bench.rounds, 10)
        must_be_one_segment(measured)
        agent.must_have_counted(fan_out.sends["clients"])
        agent.must_have("replication_rpcs_total", rpcs[0], direction="out", kind="append_empty")
        agent.must_have("replication_entries_total",
                        sum(count * number for count, number in rpcs.items()), direction="out")
    return figures_of({case: of["egress"] for case, of in measured.items()}, sockets)


def figures_of(runs: dict, sockets: int) -> list[dict]:
    event = runs["event"]
    figures = [figure("egress_empty_append", "x the run of one WebSocket message",
                      ratios(runs[0], event), NO_TARGET, rpc_ns=middle(runs[0]),
                      event_ns=middle(event), sockets=sockets)]
    figures += [figure(f"egress_append_{count}_entries", "x the run of one WebSocket message",
                       ratios(runs[count], event), NO_TARGET, rpc_ns=middle(runs[count]),
                       event_ns=middle(event), sockets=sockets) for count in ENTRIES]
    first, most = ENTRIES[0], ENTRIES[-1]
    each = [(b - a) / (most - first) for a, b in zip(runs[first], runs[most], strict=True)]
    return [*figures, figure("egress_further_entry", "x the run of one WebSocket message",
                             ratios(each, event), NO_TARGET, entry_ns=middle(each))]
