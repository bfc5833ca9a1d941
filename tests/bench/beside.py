# SPDX-License-Identifier: Apache-2.0
"""What each kind of segment costs beside another build of fanfare: two agents, each on a cgroup of
its own, over the same traffic burst by burst.

Where sockets and maps happen to lie in memory costs as much as what is looked for. So the agents
are started anew several times and change places; a figure is the geometric mean of two that have
changed places, and the median of these.
"""
import dataclasses
import math
import struct

from fan_out import CLIENT_CPU, SERVER_CPU, FanOut, Set, Shape
from report import alternate, figure, middle, most, ratios, say
from run_time import must_be_one_segment, statistics_on

SOCKETS = 500
PLACES, QUICK_PLACES = 6, 1  # pairs of starts
TARGET = most(1.02)
KEY = b"\x37\xfa\x21\x3d"
REQUEST = b"GET /messages?since=1 HTTP/1.1\r\nHost: bench.test\r\nAccept: application/json\r\n\r\n"


def masked(size: int) -> bytes:
    """A text frame as a client sends it, of 126 bytes or more."""
    text = b'{"type":"message.new","text":"' + b"." * (size - 32) + b'"}'
    hidden = bytes(byte ^ KEY[place % 4] for place, byte in enumerate(text))
    return struct.pack(">BBH", 0x81, 0x80 | 126, size) + KEY + hidden


@dataclasses.dataclass(frozen=True)
class Traffic:
    egress: str = ""  # what its runs are called; "": not of interest
    ingress: str = ""
    shape: Shape = Shape()
    counted: str = ""  # the direction in which each send() is an event
    of: dict = dataclasses.field(default_factory=dict)  # words of Set


SERVER_READS = {"writer": "client", "measured": "server"}
TRAFFIC = (
    Traffic("data_out_200", "ack_in", counted="out"),
    Traffic("data_out_1448", "", Shape(size=1444), "out"),
    Traffic("ack_out", "data_in_200", Shape(content=masked(200)), "in", SERVER_READS),
    Traffic("plain_server_out", "plain_server_ack_in", of={"protocol": "plain"}),
    Traffic("plain_client_out", "plain_client_ack_in", of={"protocol": "plain", "writer": "client"}),
    Traffic("plain_server_ack_out", "plain_server_in", of={"protocol": "plain", **SERVER_READS}),
    Traffic("http_answer_out", "http_ack_in", of={"protocol": "http"}),
    Traffic("http_ack_out", "http_request_in", Shape(content=REQUEST),
            of={"protocol": "http", **SERVER_READS}),
)


def one_place(bench, kind: Traffic, cgroups: dict, client_cpu: int) -> dict:
    """Nanoseconds a run by build and hook, a number a round."""
    sets = {name: Set(name, cgroup, **kind.of) for name, cgroup in cgroups.items()}
    with bench.agent(cgroups["ours"]) as ours, \
            bench.agent(cgroups["other"], build=bench.beside) as other, \
            FanOut(bench, list(sets.values()), bench.scaled(SOCKETS), client_cpu) as fan_out, \
            statistics_on(bench):
        for one in sets.values():
            if one.protocol == "http":  # who serves it has answered once
                fan_out.burst(dataclasses.replace(one, writer="server"), Shape(passes=1))
            fan_out.burst(one, kind.shape)
        measured = alternate(
            {name: lambda one=one: fan_out.metered_burst(one, kind.shape, bench.meter)
             for name, one in sets.items()}, bench.rounds, bench.scaled_bursts(20))
        must_be_one_segment(measured)
        for name, agent in (("ours", ours), ("other", other)):
            if kind.counted:
                agent.must_have("messages_total", fan_out.sends[name], direction=kind.counted,
                                **{"class": "event"})
    return measured


def kind_beside(bench, kind: Traffic, suffix: str, client_cpu: int) -> list[dict]:
    places = [bench.cgroups.ours, bench.cgroups.none]
    names = {hook: name for hook, name in (("egress", kind.egress), ("ingress", kind.ingress))
             if name}
    changed, spent = {hook: [] for hook in names}, {hook: {} for hook in names}
    for _ in range(QUICK_PLACES if bench.quick else PLACES):
        halves = [one_place(bench, kind, dict(zip(("ours", "other"), order, strict=True)), client_cpu)
                  for order in (places, places[::-1])]
        for hook in names:
            each = [middle(ratios(half["ours"][hook], half["other"][hook])) for half in halves]
            changed[hook].append(math.prod(each) ** (1 / len(each)))
            for half in halves:
                for build in ("ours", "other"):
                    spent[hook].setdefault(build, []).extend(half[build][hook])
        say(f"  {[(name, [round(r, 3) for r in changed[hook]]) for hook, name in names.items()]}")
    return [figure(f"beside_{name}{suffix}", "x the other build's run", changed[hook], TARGET,
                   ours_ns=middle(spent[hook]["ours"]), other_ns=middle(spent[hook]["other"]),
                   sockets=bench.scaled(SOCKETS)) for hook, name in names.items()]


def other_build(bench) -> list[dict]:
    if not bench.beside:
        say("  no other build is given (--beside)")
        return []
    figures = []
    for suffix, client_cpu in (("", CLIENT_CPU), ("_one_cpu", SERVER_CPU)):
        for kind in TRAFFIC:
            figures += kind_beside(bench, kind, suffix, client_cpu)
    return figures
