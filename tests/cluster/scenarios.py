# SPDX-License-Identifier: Apache-2.0
"""What befalls the cluster, and what must be seen of it. A new scenario is a function and a line in
SCENARIOS.

Every figure is measured: times by this process's clock, the truth by the clients.
"""
import dataclasses
import math
import time

import web
from harness import Cluster, Load
from node import SHARD

LEARN_SECONDS = 18  # the agent judges after ten settled seconds; settled is five seconds later
PAGE_SECONDS = 10  # from a bad node's start to a critical alert at Alertmanager
LEARN_WELL_SECONDS = 45  # a loss is proven sooner when more is known of what is normal
LONG_LEARN_SECONDS = 150  # until half of the copies would be proven, at 20 events a second
COPIES_SECONDS = 120
SPACING_SECONDS = 12  # between the nodes of a roll-out
RESOLVE_SECONDS = 100  # recovery needs evidence, and an alert fires for a minute at least
ESTIMATE_POINTS = 5  # between the agent's loss estimate and the clients' truth, besides chance
CHANCE = 3  # standard errors: the agent's window is not the truth's, to the second
REACH, COPIES, STALLED = "FanfareReachLoss", "FanfareCopiesLoss", "FanfareReplicationStalled"


class Verdict:
    """Collects what was found; a miss does not end the scenario, so that the rest is told too."""

    def __init__(self, say=print):
        self.say = say
        self.misses = 0

    def expect(self, good: bool, words: str) -> bool:
        self.misses += not good
        self.say(f"  {'ok  ' if good else 'MISS'} {words}")
        return good

    def equal(self, what: str, expected, got) -> None:
        self.expect(expected == got, f"{what}: {got}" + ("" if expected == got else
                                                          f", expected {expected}"))


def expect_silence(cluster: Cluster, verdict: Verdict, when: str) -> None:
    told = ", ".join(str(f) for f in cluster.alertmanager.diary) or "none"
    received = cluster.alertmanager.received()
    verdict.expect(received == 0, f"{when}: {received} firing alerts received ({told})")


def learn(cluster: Cluster, verdict: Verdict, seconds: float = LEARN_SECONDS) -> None:
    time.sleep(seconds)
    expect_silence(cluster, verdict, f"after {seconds} s of learning")


def took(cluster: Cluster, began: float, firing) -> str:
    waited = cluster.waiting.between(began, firing.at)
    return f"after {firing.at - began:.1f} s" + (f", {waited:.1f} of them waiting for a CPU" if waited >= 0.05 else "")


def expect_page(cluster: Cluster, verdict: Verdict, name: str, node: str, began: float,
                seconds: float = PAGE_SECONDS, severity: str | None = "critical"):
    """An alert that was not there when `began` (time.monotonic()) was."""
    firing = cluster.alertmanager.await_firing(name, node, began, seconds, severity)
    if verdict.expect(bool(firing), f"{node}: {severity or 'any'} {name} within {seconds} s"
                      + (f": {firing.severity} {took(cluster, began, firing)}" if firing else "")):
        verdict.say(f"       {firing.annotations['description']}")
    else:
        verdict.say(f"       alerts of the agent: {cluster.agents[node].alerts()}")
        verdict.say(f"       its word on the shard: {cluster.agents[node].shard()}")
    return firing


def loss(counts: dict) -> float:
    """Percent of the due events that reached nobody but their publisher."""
    return 100 * (1 - counts["reached"] / counts["due"]) if counts["due"] else 0


def by_chance(counts: dict) -> float:
    """Points by which the loss of so few events may be off."""
    share = loss(counts) / 100
    return 100 * CHANCE * math.sqrt(share * (1 - share) / max(1, counts["due"]))


def expect_estimate(cluster: Cluster, verdict: Verdict, since: dict, signal="reach") -> None:
    """The agents' estimates against the truth from `since` (time.time(), by node) to now."""
    now = time.time()
    time.sleep(6)  # the agent settles the second that has just begun
    estimates = {node: 100 * cluster.agents[node].value("loss_estimate", signal=signal)
                 for node in since}
    for node, began in since.items():
        counts = cluster.truth(began, now)[node]
        verdict.expect(abs(estimates[node] - loss(counts)) <= ESTIMATE_POINTS + by_chance(counts),
                       f"{node}: {estimates[node]:.1f} % lost by the agent's estimate, "
                       f"{loss(counts):.1f} % by the clients ({counts['reached']} of "
                       f"{counts['due']} reached)")


def roll_out(cluster: Cluster, verdict: Verdict, seconds: float = PAGE_SECONDS) -> list:
    """A bad build goes from node to node. Returns the pages, of which there is one for each node."""
    pages, since = [], {}
    for name, node in cluster.nodes.items():
        node.restart("drop_remote")
        since[name] = time.time()
        page = expect_page(cluster, verdict, REACH, name, node.started, seconds)
        if page:
            pages.append(page)
            verdict.equal(f"{name}: the step it names", "broadcast", page.labels.get("step"))
        time.sleep(max(0, node.started + SPACING_SECONDS - time.monotonic()))
    expect_estimate(cluster, verdict, since)
    verdict.equal("pages that fire while the fault lasts", len(cluster.nodes),
                  sum(page.gone is None for page in pages))
    return pages


def roll_back(cluster: Cluster, verdict: Verdict, pages: list) -> None:
    rolled_back = time.monotonic()
    for node in cluster.nodes.values():
        node.restart()
    healthy = time.time()
    deadline = rolled_back + RESOLVE_SECONDS
    while cluster.alertmanager.firing() and time.monotonic() < deadline:
        time.sleep(0.2)
    left = ", ".join(str(f) for f in cluster.alertmanager.firing()) or "none"
    verdict.equal(f"firing {RESOLVE_SECONDS} s after the roll-back", "none", left)
    for page in pages:
        if page.gone:
            verdict.expect(page.gone > rolled_back, f"{page.node}: resolved "
                           f"{page.gone - rolled_back:.0f} s after the roll-back, having fired for "
                           f"{page.gone - page.at:.0f} s")
    for name, counts in cluster.truth(healthy, time.time()).items():
        verdict.expect(loss(counts) < 1, f"{name}: {loss(counts):.1f} % lost since, by the clients")


def rolling_outage(cluster: Cluster, verdict: Verdict) -> None:
    """The founding incident: a bad build goes from node to node, and is rolled back."""
    learn(cluster, verdict, LEARN_WELL_SECONDS)
    roll_back(cluster, verdict, roll_out(cluster, verdict))


def each_fault(cluster: Cluster, verdict: Verdict) -> None:
    """Every fault of the server, on a node that has not fired the same alert before."""
    learn(cluster, verdict)
    verdict.say("  n1: half_members")
    cluster.nodes["n1"].switch("half_members")
    provable = cluster.agents["n1"].value("detectable_loss", signal="copies")
    verdict.expect(provable > 0.5, "n1: cannot be seen after so little learning, and the agent "
                   f"says so: {100 * provable:.0f} % is the least loss of copies it could prove")
    time.sleep(LEARN_WELL_SECONDS - LEARN_SECONDS)

    # Reach that is learned for less than a quarter of an hour pages from 40 % on only, and the first
    # events may by chance be that bad: of either severity, for it never falls.
    plan = {"n2": ("drop_percent=30", 20, None), "n3": ("echo_sender", PAGE_SECONDS, "critical")}
    began, since = time.monotonic(), time.time()
    for name, (fault, _, _) in plan.items():
        verdict.say(f"  {name}: {fault}")
        cluster.nodes[name].switch(fault)
    for name, (_, seconds, severity) in plan.items():
        expect_page(cluster, verdict, REACH, name, began, seconds, severity)
    time.sleep(max(0, since + 10 - time.time()))
    expect_estimate(cluster, verdict, {name: since for name in plan})
    for name in cluster.nodes:
        cluster.nodes[name].switch("none")

    verdict.say("  n1: drop_all")
    began, since = time.monotonic(), time.time()
    cluster.nodes["n1"].switch("drop_all")
    expect_page(cluster, verdict, REACH, "n1", began)
    cluster.nodes["n1"].switch("none")

    leader = cluster.leader()
    follower = next(name for name in cluster.nodes if name != leader)
    verdict.say(f"  {leader}, which leads: stall_peer={follower}")
    began = time.monotonic()
    cluster.nodes[leader].switch(f"stall_peer={follower}")
    page = expect_page(cluster, verdict, STALLED, leader, began, 20)
    if page:
        verdict.equal("the peer it names", follower, page.labels.get("peer"))
    cluster.nodes[leader].switch("none")


def half_members(cluster: Cluster, verdict: Verdict) -> None:
    """Every second member of each room is left out: reach stays whole, copies halve."""
    verdict.say(f"  learning for {LONG_LEARN_SECONDS} s")
    time.sleep(LONG_LEARN_SECONDS)
    expect_silence(cluster, verdict, "after learning")
    began = time.monotonic()
    cluster.nodes["n1"].switch("half_members")
    expect_page(cluster, verdict, COPIES, "n1", began, COPIES_SECONDS)


def innocent(cluster: Cluster, verdict: Verdict) -> None:
    """What happens to a healthy shard; nobody may be woken."""
    learn(cluster, verdict)
    rate = cluster.load.rate
    verdict.say("  traffic x5")
    cluster.clients.ask("rate", rate=5 * rate)
    time.sleep(10)
    cluster.clients.ask("rate", rate=rate)
    expect_silence(cluster, verdict, "traffic x5")

    gone = cluster.clients.ask("storm", share=0.9, seconds=15)["gone"]
    verdict.say(f"  {gone} clients leave at once and come back within 15 s")
    cluster.await_clients(25)
    time.sleep(3)
    expect_silence(cluster, verdict, "reconnect storm")

    verdict.say("  rolling restart of a healthy build")
    for node in cluster.nodes.values():
        node.restart()
        time.sleep(3)
    expect_silence(cluster, verdict, "rolling restart")

    leader = cluster.leader()
    cluster.nodes[leader].kill()
    began = time.monotonic()
    successor = web.wait_for("another leads", cluster.leader, 15)
    verdict.say(f"  {leader} is killed; {successor} leads {time.monotonic() - began:.1f} s later")
    time.sleep(2)
    cluster.nodes[leader].start()
    cluster.nodes[leader].await_serving()
    cluster.nodes[successor].transfer()
    verdict.say(f"  leadership passes from {successor} to {cluster.leader()}")
    time.sleep(5)
    expect_silence(cluster, verdict, "leader election")

    verdict.say("  agents restart")
    for agent in cluster.agents.values():
        agent.restart()
    time.sleep(12)  # what they judge has settled
    expect_silence(cluster, verdict, "agent restart")
    for name, agent in cluster.agents.items():
        verdict.equal(f"{name}: client sockets counted again", cluster.load.clients,
                      int(agent.value("sockets", role="client", state="synced")))
        # The first seconds, in which older sockets are still being found, leave the window.
        web.wait_for(f"{name}: reach is whole again",
                     lambda: (agent.value("propagation_ratio", signal="reach") or 0) > 0.9, 25)
        verdict.expect(True, f"{name}: reach is whole again")
    for name, counts in cluster.truth(time.time() - 10, time.time()).items():
        verdict.expect(loss(counts) < 1, f"{name}: {loss(counts):.1f} % lost, by the clients")


BURST, BURST_RATE = 1000, 100


def counts(cluster: Cluster, verdict: Verdict) -> None:
    """A thousand events, then quiet: every count of the agents equals somebody else's."""
    cluster.clients.ask("burst", count=BURST, rate=BURST_RATE)
    report = web.wait_for("all events have settled",
                          lambda: settled(cluster.clients.ask("report")), 15)
    verdict.equal("published, and not refused", (BURST, 0),
                  (report["published"], report["withdrawn"]))
    time.sleep(8)  # the last cohort has settled, the last tick is exported
    leader = cluster.leader()
    for name, node in cluster.nodes.items():
        stats, agent = node.stats(), cluster.agents[name]
        # Index 1 is the configuration that every node began its log with.
        entries = int(stats["raft"]["last_log_index"]) - 1
        if name != leader:
            pair = {"src": leader, "dst": name}
            verdict.equal(f"{leader} to {name}: entries out", entries, int(
                cluster.agents[leader].value("replication_entries_total", direction="out", **pair)))
            verdict.equal(f"{leader} to {name}: entries in", entries, int(
                agent.value("replication_entries_total", direction="in", **pair)))
        truth = report["nodes"][name]
        verdict.equal(f"{name}: events due", stats["applied"], int(agent.value("events_due_total")))
        verdict.equal(f"{name}: events reached", truth["reached"],
                      int(agent.value("events_reached_total")))
        verdict.equal(f"{name}: copies", truth["copies"], int(agent.value("event_copies_total")))
        verdict.equal(f"{name}: messages to clients", stats["written"], int(agent.value(
            "messages_total", direction="out", role="client", **{"class": "event"})))
        verdict.equal(f"{name}: acknowledged by the clients", stats["written"], int(agent.value(
            "messages_acked_total", **{"class": "event"})))
        verdict.equal(f"{name}: bookkeeping error", 0, int(agent.value("bookkeeping_error")))
        verdict.equal(f"{name}: losses", 0, int(sum(
            s.value for s in agent.metrics() if s.name == "fanfare_capture_losses_total")))
        verdict.equal(f"{name}: coverage", 1.0, agent.value("coverage_ratio", shard=SHARD))


def settled(report: dict) -> dict | None:
    return report if report["open"] == 0 and report["settled"] == report["published"] else None


@dataclasses.dataclass(frozen=True)
class Scenario:
    play: object
    load: Load = Load()


SCENARIOS = {
    "rolling_outage": Scenario(rolling_outage),
    "each_fault": Scenario(each_fault),
    "innocent": Scenario(innocent),
    "half_members": Scenario(half_members),  # four minutes: not in CI
    "counts": Scenario(counts, Load(rate=0)),
}
