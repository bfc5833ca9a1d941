# SPDX-License-Identifier: Apache-2.0
"""The agent beside 50,000 sockets, each of which has had a message since the last tick."""
import time

from fan_out import FanOut, Set, Shape
from report import NO_TARGET, figure, middle, most
from surroundings import Failure

TICK_SECONDS = 1
TICKS, QUICK_TICKS = 15, 4


def one_tick(fan_out, of: Set, agent) -> dict[str, float]:
    """Loads once, waits for the next tick, and asks what it cost."""
    began, cpu = time.monotonic(), agent.cpu_seconds()
    fan_out.burst(of, Shape(passes=1))
    busy = time.monotonic() - began
    if busy < TICK_SECONDS:
        time.sleep(TICK_SECONDS - busy)
    spent = (agent.cpu_seconds() - cpu) / (time.monotonic() - began)
    return {"tick_ms": agent.metric("tick_seconds") * 1000, "agent_cpu_ms": spent * 1000,
            "load_seconds": busy}


def many_sockets(bench) -> list[dict]:
    of, count = Set("ours", bench.cgroups.ours), bench.scaled(50000)
    with bench.agent(bench.cgroups.ours) as agent:
        maps, rss_idle = sum(agent.maps().values()), agent.rss_bytes()
        with FanOut(bench, [of], count) as fan_out:
            for _ in range(2):  # the first ticks also learn who owns the sockets
                one_tick(fan_out, of, agent)
            ticks = [one_tick(fan_out, of, agent)
                     for _ in range(QUICK_TICKS if bench.quick else TICKS)]
            agent.must_have_counted(fan_out.sends["ours"])
            synced = int(agent.metric("sockets", state="synced"))
            if synced != count:
                raise Failure(f"{synced} of {count} sockets are synced")
            rss, losses = agent.rss_bytes(), agent.losses()

    def column(name):
        return [tick[name] for tick in ticks]

    return [figure("tick_cpu_50000_sockets", "ms", column("tick_ms"), most(20), sockets=count,
                   losses=losses, load_seconds=middle(column("load_seconds"))),
            figure("agent_cpu_50000_sockets", "ms a second, scrapes included",
                   column("agent_cpu_ms"), NO_TARGET, sockets=count),
            figure("agent_rss_50000_sockets", "bytes", [rss], NO_TARGET, rss_idle=rss_idle,
                   sockets=count),
            figure("bpf_maps_memory", "bytes", [maps], NO_TARGET, sockets=count)]
