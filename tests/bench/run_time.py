# SPDX-License-Identifier: Apache-2.0
"""Run time of our programs beside empty ones on the same hooks, by the kernel's own statistics.

The writing ends sit in cgroups of their own and the readers write nothing, so every egress run is
one data segment, and every ingress run one pure ACK.
"""
import contextlib

from fan_out import CLIENT_CPU, SERVER_CPU, FanOut, Set, Shape
from report import NO_TARGET, alternate, figure, middle, most, ratios
from surroundings import Failure

SEND_TOLERANCE = 0.02  # a send() that did not leave as one segment is another thing


@contextlib.contextmanager
def statistics_on(bench):
    bench.meter.ask("stats_on")
    try:
        yield
    finally:
        bench.meter.ask("stats_off")


def must_be_one_segment(measured: dict) -> None:
    for name, quantities in measured.items():
        runs = quantities["runs_a_send"]
        if any(abs(number - 1) > SEND_TOLERANCE for number in runs):
            raise Failure(f"{name}: {min(runs)} to {max(runs)} segments a send() instead of 1")


def beside_empty(bench, sockets: int, bursts: int, shape: Shape, client_cpu: int = CLIENT_CPU,
                 **of_both) -> dict:
    """Measures one kind of traffic under our programs and under the empty ones."""
    sets = {"ours": Set("ours", bench.cgroups.ours, **of_both),
            "empty": Set("empty", bench.cgroups.empty, **of_both)}
    with bench.agent(bench.cgroups.ours) as agent, \
            FanOut(bench, list(sets.values()), sockets, client_cpu) as fan_out, \
            statistics_on(bench):
        for one in sets.values():
            fan_out.burst(one, shape)
        measured = alternate(
            {name: lambda one=one: fan_out.metered_burst(one, shape, bench.meter)
             for name, one in sets.items()}, bench.rounds, bursts)
        must_be_one_segment(measured)
        agent.must_have_counted(
            fan_out.sends["ours"] if sets["ours"].protocol == "websocket" else 0)
    return measured


def run_figure(name: str, hook: str, measured: dict, target: dict, **details) -> dict:
    ours, empty = measured["ours"][hook], measured["empty"][hook]
    return figure(name, f"x the empty {hook} program", ratios(ours, empty), target,
                  ours_ns=middle(ours), empty_ns=middle(empty), **details)


def matched(bench) -> list[dict]:
    """Data runs and pure ACKs of WebSocket servers, few sockets to many."""
    figures = []
    # With the marks of what waits for its acknowledgement, and the popping of them.
    acks = most(5.0)
    # A record that a run finds cold costs a cache line and a translation at each step: so it is
    # where the reader's CPU acknowledges, and not where the data has just left.
    plan = [(500, "", Shape(), 10, most(5.0), acks, CLIENT_CPU),
            (500, "_one_cpu", Shape(), 10, most(5.0), acks, SERVER_CPU),
            (500, "_one_message", Shape(passes=1), 40, most(5.0), acks, CLIENT_CPU),
            (8000, "", Shape(passes=1), 6, NO_TARGET, NO_TARGET, CLIENT_CPU),
            (50000, "", Shape(passes=1), 2, most(10), NO_TARGET, CLIENT_CPU)]
    for sockets, suffix, shape, bursts, target, ack_target, client_cpu in plan:
        count = bench.scaled(sockets)
        measured = beside_empty(bench, count, bursts, shape, client_cpu)
        label = f"{sockets}_sockets{suffix}"
        figures += [
            run_figure(f"egress_data_run_{label}", "egress", measured, target, sockets=count),
            run_figure(f"ingress_ack_run_{label}", "ingress", measured, ack_target, sockets=count)]
    return figures


def unmatched(bench) -> list[dict]:
    """What traffic pays that is none of ours."""
    sockets = bench.scaled(500)
    figures = []
    for name, of_both, target in (
            ("plain_server", {"protocol": "plain"}, most(1.3)),
            ("client_side", {"protocol": "plain", "writer": "client"}, most(1.3)),
            ("http_keep_alive", {"protocol": "http"}, NO_TARGET)):
        measured = beside_empty(bench, sockets, 10, Shape(), **of_both)
        figures += [
            run_figure(f"egress_{name}_run", "egress", measured, target, sockets=sockets),
            run_figure(f"ingress_{name}_ack_run", "ingress", measured, NO_TARGET,
                       sockets=sockets)]
    return figures


def further_frame(bench) -> list[dict]:
    """The cost of one more frame in a segment: 50 against 1."""
    frames, size, sockets = 50, 20, bench.scaled(500)
    ours, empty = Set("ours", bench.cgroups.ours), Set("empty", bench.cgroups.empty)
    one, many = Shape(size=size), Shape(size=size, frames=frames)
    with bench.agent(bench.cgroups.ours) as agent, \
            FanOut(bench, [ours, empty], sockets) as fan_out, statistics_on(bench):
        events = [0]

        def ours_with(shape):
            before = fan_out.sends["ours"]
            spent = fan_out.metered_burst(ours, shape, bench.meter)
            events[0] += (fan_out.sends["ours"] - before) * shape.frames
            return spent

        measured = alternate(
            {"one": lambda: ours_with(one), "many": lambda: ours_with(many),
             "empty": lambda: fan_out.metered_burst(empty, one, bench.meter)}, bench.rounds, 10)
        must_be_one_segment(measured)
        agent.must_have_counted(events[0])
    each = [(b - a) / (frames - 1)
            for a, b in zip(measured["one"]["egress"], measured["many"]["egress"], strict=True)]
    return [figure("egress_further_frame", "x the empty egress program",
                   ratios(each, measured["empty"]["egress"]), most(0.61),
                   frame_ns=middle(each), empty_ns=middle(measured["empty"]["egress"]),
                   one_frame_ns=middle(measured["one"]["egress"]),
                   fifty_frames_ns=middle(measured["many"]["egress"]), sockets=sockets)]
