# SPDX-License-Identifier: Apache-2.0
"""The founding incident by the other way: Prometheus scrapes the agents, the rules across hosts
judge, Alertmanager is told. Every figure is measured."""
import time

from dashboard_queries import without_data
from harness import Cluster
from prometheus import Prometheus
from scenarios import SPACING_SECONDS, Scenario, Verdict, innocent, took

HOST, CLUSTER = "FanfareHostReachLoss", "FanfareClusterReachLoss"
DIED, WATCHDOG = "FanfareAgentDiedFiring", "FanfareWatchdog"
BEHIND, ABSENT, DOWN, NO_AGENTS = ("FanfareHostBehind", "FanfareShardAbsent", "FanfareAgentDown",
                                   "FanfareAgentsAbsent")
SERVER_ABSENT = "FanfareServerAbsent"  # the agent's own, of its host
LEARN_SECONDS = 20
FAST, FAST_PAGE = 5, 45  # seconds: between scrapes, and from the first bad build to the first page
SLOW, SLOW_PAGE = 15, 120  # Prometheus tells again after a minute what was lost at its start
# Of each node by itself: a scrape that meets it without clients, as it restarts, costs 30 s.
EACH_MORE = 30
DIED_SECONDS = 120  # two scrapes, a minute of patience, two evaluations
RATIO_POINTS = 6  # between the reach of the rules and the clients' truth
INNOCENT_TAIL_SECONDS = 60
STEADY_SECONDS = 140  # raw counts are compared once agents have run for 130 s
BEHIND_SECONDS = 120  # 40 s of grace, half a minute of patience, and the way
ABSENT_SECONDS = 150  # two minutes of patience
GONE_SECONDS = 90  # until Alertmanager is told again
KEPT_SECONDS = 300  # before a resolved alert of the rules is told to be over


def watched(cluster: Cluster, interval: int, tells: bool = True) -> Prometheus:
    log = cluster.logs / "prometheus.log"
    return Prometheus(cluster, interval, log, tells)


def expect_rules_well(prometheus: Prometheus, verdict: Verdict, when: str) -> None:
    verdict.equal(f"{when}: rules that fail", [], prometheus.rule_trouble())
    verdict.equal(f"{when}: alerts of the rules so far", set(), prometheus.have_fired())


def expect_rule(cluster: Cluster, verdict: Verdict, name: str, node: str, began: float,
                seconds: float):
    firing = cluster.alertmanager.await_firing(name, node, began, seconds)
    words = f": {took(cluster, began, firing)}" if firing else ""
    if verdict.expect(bool(firing), f"{name} {node} within {seconds} s{words}"):
        verdict.say(f"       {firing.annotations['description']}")


def roll_out(cluster: Cluster, prometheus: Prometheus, verdict: Verdict, seconds: float) -> None:
    """A bad build from node to node; the clients' truth beside what the rules say."""
    began = {}
    for name, node in cluster.nodes.items():
        node.restart("drop_remote")
        began[name] = time.monotonic()  # it serves clients again
        time.sleep(max(0, node.started + SPACING_SECONDS - time.monotonic()))
    everywhere = time.time()
    for name, since in began.items():
        expect_rule(cluster, verdict, HOST, name, since, seconds + EACH_MORE)
    # Over all nodes it is seen once enough of them are bad: from the last one on.
    expect_rule(cluster, verdict, CLUSTER, "", min(began.values()),
                max(began.values()) - min(began.values()) + seconds + EACH_MORE)
    pages = [f for f in cluster.alertmanager.diary if f.name in (HOST, CLUSTER)]
    if verdict.expect(bool(pages), "the rules page"):
        first, start = min(pages, key=lambda f: f.at), min(began.values())
        verdict.expect(cluster.waiting.own(start, first.at) <= seconds,
                       f"the first page of the rules within {seconds} s: {took(cluster, start, first)}")
    time.sleep(max(0, everywhere + 36 - time.time()))
    until = time.time()
    told = prometheus.value('shard:fanfare_reach:ratio{window="30s"}')
    truth = cluster.truth(until - 35, until - 2).values()
    due, reached = sum(t["due"] for t in truth), sum(t["reached"] for t in truth)
    verdict.expect(told is not None and abs(100 * told - 100 * reached / due) <= RATIO_POINTS,
                   f"reach over all nodes: {told} by the rules, {reached / due:.3f} by the clients")


def outage_at(interval: int, seconds: float):
    def play(cluster: Cluster, verdict: Verdict) -> None:
        with watched(cluster, interval) as prometheus:
            time.sleep(LEARN_SECONDS + 4 * interval)
            expect_rules_well(prometheus, verdict, "healthy")
            roll_out(cluster, prometheus, verdict, seconds)
            count, empty = without_data(prometheus, interval)
            verdict.equal(f"of {count} queries of the dashboards without data", [], empty)

            leader = cluster.leader()
            victim, other = (name for name in cluster.nodes if name != leader)
            before = cluster.alertmanager.firing(HOST, victim)
            died = time.monotonic()
            cluster.agents[victim].stop()
            verdict.say(f"  the agent of {victim} ends while its alert fires")
            expect_rule(cluster, verdict, DIED, victim, died, DIED_SECONDS)
            verdict.expect(bool(before) and before[0].gone is None,
                           f"{HOST} {victim} still fires, though its agent is gone")
            pair = f'{{src="{leader}",dst="{other}"}}'
            verdict.expect((prometheus.value(f"shard_pair:fanfare_entries_sent:1m{pair}") or 0) > 100,
                           f"{leader} to {other}: the entries of a minute are counted")
            verdict.equal(f"{leader} to {other}: of them went astray", 0.0,
                          prometheus.value(f"shard_pair:fanfare_entries_missing:1m{pair}"))
            verdict.expect(bool(cluster.alertmanager.firing(WATCHDOG)), "the watchdog is heard")
            verdict.equal("at the end: rules that fail", [], prometheus.rule_trouble())
            due = {CLUSTER, f"{DIED} {victim}", *(f"{HOST} {name}" for name in cluster.nodes)}
            verdict.equal("other alerts of the rules", set(),
                          prometheus.have_fired() - due - {DOWN})  # of the agent that was ended
    play.__doc__ = f"The founding incident by Prometheus' rules, scraped each {interval} s."
    return play


def gone_within(cluster: Cluster, verdict: Verdict, name: str, node: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while cluster.alertmanager.firing(name, node) and time.monotonic() < deadline:
        time.sleep(0.2)
    verdict.equal(f"{name} {node} still fires {seconds} s later", [],
                  cluster.alertmanager.firing(name, node))


def rules_faults(cluster: Cluster, verdict: Verdict) -> None:
    """What is not there: entries at one node, a shard everywhere, an agent, all agents."""
    with watched(cluster, FAST) as prometheus:
        time.sleep(STEADY_SECONDS)
        expect_rules_well(prometheus, verdict, "healthy")
        leader = cluster.leader()
        follower = next(name for name in cluster.nodes if name != leader)
        began = time.monotonic()
        cluster.nodes[leader].switch(f"stall_peer={follower}")
        verdict.say(f"  {leader} leads and sends nothing to {follower}")
        expect_rule(cluster, verdict, BEHIND, follower, began, BEHIND_SECONDS)
        cluster.nodes[leader].switch("none")

        began = time.monotonic()
        for node in cluster.nodes.values():
            node.kill()
        verdict.say("  every chat server ends; the agents go on")
        for name in cluster.nodes:
            expect_rule(cluster, verdict, SERVER_ABSENT, name, began, ABSENT_SECONDS)
        expect_rule(cluster, verdict, ABSENT, "", began, ABSENT_SECONDS)
        for node in cluster.nodes.values():
            node.start()
        cluster.await_clients()
        for name in cluster.nodes:
            gone_within(cluster, verdict, SERVER_ABSENT, name, GONE_SECONDS)
        gone_within(cluster, verdict, ABSENT, "", KEPT_SECONDS + GONE_SECONDS)

        began = time.monotonic()
        for agent in cluster.agents.values():
            agent.stop()
        verdict.say("  every agent ends")
        expect_rule(cluster, verdict, DOWN, "", began, ABSENT_SECONDS)
        expect_rule(cluster, verdict, NO_AGENTS, "", began, ABSENT_SECONDS)
        verdict.equal("at the end: rules that fail", [], prometheus.rule_trouble())


def rules_innocent(cluster: Cluster, verdict: Verdict) -> None:
    """What happens to a healthy shard, seen by the rules across hosts."""
    with watched(cluster, FAST, tells=False) as prometheus:
        innocent(cluster, verdict)
        time.sleep(INNOCENT_TAIL_SECONDS)
        expect_rules_well(prometheus, verdict, "after it all")


SCENARIOS = {
    "rules_outage": Scenario(outage_at(FAST, FAST_PAGE)),
    "rules_outage_slow": Scenario(outage_at(SLOW, SLOW_PAGE)),  # four minutes: not in CI
    "rules_faults": Scenario(rules_faults),  # ten minutes: not in CI
    "rules_innocent": Scenario(rules_innocent),  # three minutes: not in CI
}
