# SPDX-License-Identifier: Apache-2.0
"""What a server pays: the wall time of send() in a fan-out loop, under our programs, under empty
ones, and under none. The kernel's statistics are off: reading the clock would flatter the ratio.
"""
from fan_out import FanOut, Set, Shape
from report import NO_TARGET, alternate, figure, middle, most, ratios


def fan_out_send(bench) -> list[dict]:
    sockets, shape = bench.scaled(500), Shape()
    sets = [Set("ours", bench.cgroups.ours), Set("empty", bench.cgroups.empty),
            Set("none", bench.cgroups.none)]
    with bench.agent(bench.cgroups.ours) as agent, FanOut(bench, sets, sockets) as fan_out:
        for one in sets:
            fan_out.burst(one, shape)
        measured = alternate(
            {one.name: lambda one=one: {"send": fan_out.burst(one, shape)} for one in sets},
            bench.rounds, bench.scaled_bursts(30))
        agent.must_have_counted(fan_out.sends["ours"])
    ours, empty, none = (measured[name]["send"] for name in ("ours", "empty", "none"))
    details = {"ours_ns": middle(ours), "empty_ns": middle(empty), "none_ns": middle(none),
               "sockets": sockets}
    return [figure("send_beside_empty", "x send() with empty programs", ratios(ours, empty),
                   most(1.10), **details),
            figure("send_beside_none", "x send() without programs", ratios(ours, none), NO_TARGET,
                   **details)]
