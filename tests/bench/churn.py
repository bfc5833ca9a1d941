# SPDX-License-Identifier: Apache-2.0
"""Connections that come and go at a high rate: afterwards nothing is left, and nothing was lost."""
import time

from fan_out import Pair
from report import NO_TARGET, figure, most
from surroundings import Failure

PAIRS, RATE = 2, 10000
SECONDS, QUICK_SECONDS = 10, 1
TICKS_TO_BASELINE = 3
SETTLE_SECONDS = TICKS_TO_BASELINE + 0.5  # a tick a second


def open_and_close(pairs: list[Pair], ports: list[int], count: int) -> float:
    """Connections a second."""
    for pair, port in zip(pairs, ports, strict=True):
        pair.server.tell("serve_churn", set="churn", count=count)
        pair.client.tell("connect_churn", port=port, count=count, per_second=RATE // PAIRS)
    seconds = max(pair.client.hear()["nanoseconds"] for pair in pairs) * 1e-9
    for pair in pairs:
        pair.server.hear()
    return count * len(pairs) / seconds


def left_over(bench, agent) -> dict[str, float]:
    maps = list(agent.maps())
    return {"flows": agent.metric("map_entries", map="flows"),
            "watched": bench.meter.ask("watched", maps=maps)["records"]}


def one_round(bench, agent, pairs, ports, count) -> dict[str, float]:
    before = left_over(bench, agent)
    counted, lost, rss = agent.events_out(), sum(agent.losses().values()), agent.rss_bytes()
    rate = open_and_close(pairs, ports, count)
    time.sleep(SETTLE_SECONDS)
    after = left_over(bench, agent)
    return {"rate": rate,
            "flows": after["flows"] - before["flows"],
            "watched": after["watched"] - before["watched"],
            "uncounted": count * len(pairs) - (agent.events_out() - counted),
            "lost": sum(agent.losses().values()) - lost,
            "rss": agent.rss_bytes() - rss}


def connections(bench) -> list[dict]:
    count = RATE // PAIRS * (QUICK_SECONDS if bench.quick else SECONDS)
    pairs = []
    with bench.agent(bench.cgroups.ours) as agent:
        try:
            for number in range(PAIRS):
                pairs.append(Pair(bench.bench_load, bench.cgroups.home, bench.work, number))
            # The agent's own proof of its scope leaves a record for its first ticks.
            time.sleep(SETTLE_SECONDS)
            ports = [pair.server.ask("listen", set="churn", port=0,
                                     cgroup=bench.cgroups.ours)["port"] for pair in pairs]
            rounds = [one_round(bench, agent, pairs, ports, count)
                      for _ in range(1 if bench.quick else 3)]
        finally:
            for pair in pairs:
                pair.close()
        rss = agent.rss_bytes()
    if not all(one["rate"] for one in rounds):
        raise Failure("no connection was made")

    def column(name):
        return [one[name] for one in rounds]

    each = {"connections_a_round": count * PAIRS}
    return [figure("churn_rate", "connections/s", column("rate"), NO_TARGET, asked=RATE, **each),
            figure("churn_flow_records_left", f"records after {TICKS_TO_BASELINE} ticks",
                   column("flows"), most(0), **each),
            figure("churn_watched_ports_left", f"records after {TICKS_TO_BASELINE} ticks",
                   column("watched"), most(0), **each),
            figure("churn_messages_uncounted", "messages", column("uncounted"), most(0), **each),
            figure("churn_losses", "capture losses", column("lost"), most(0), **each),
            figure("churn_agent_rss_growth", "bytes", column("rss"), NO_TARGET, rss_after=rss,
                   **each)]
