# SPDX-License-Identifier: Apache-2.0
"""Where the agents know the room of each event: what is found at once, and without any history."""
import time

import web
from harness import Cluster, Load
from scenarios import REACH, SPACING_SECONDS, Scenario, Verdict, expect_estimate, expect_page, expect_silence, learn

LAG = "FanfareLag"
LEARN_SECONDS = 20
# From a bad node's start: its clients come back within two, some rooms must be read again by then, and
# five more are the settle time. Eight are wanted; the bound leaves room for chance.
PAGE_SECONDS = 12
BAD_START_SECONDS = 60
PATIENCE_SECONDS = 200
LATE_SECONDS, LATE_FOR_SECONDS, LATE_PAGE_SECONDS = 30, 300, 90


def rooms_outage(cluster: Cluster, verdict: Verdict) -> None:
    """The founding incident, with rooms; then an agent forgets all that it knew in mid-outage."""
    learn(cluster, verdict, LEARN_SECONDS)
    since = {}
    for name, node in cluster.nodes.items():
        node.restart("drop_remote")
        since[name] = time.time()
        expect_page(cluster, verdict, REACH, name, node.started, PAGE_SECONDS)
        time.sleep(max(0, node.started + SPACING_SECONDS - time.monotonic()))
    expect_estimate(cluster, verdict, since)
    # Alertmanager has not noticed that the agent was away: the agent's own word tells.
    began = time.monotonic()
    agent = cluster.agents["n2"]
    agent.lose_state()
    verdict.equal("n2: alerts after its state is lost", [], [a["alertname"] for a in agent.alerts()])
    web.wait_for("n2 fires again", lambda: any(
        a["alertname"] == REACH and a["state"] == "firing" and a["severity"] == "critical" for a in agent.alerts()),
        PATIENCE_SECONDS)
    waited = time.monotonic() - began - cluster.waiting.between(began, time.monotonic())
    verdict.expect(waited <= BAD_START_SECONDS, f"n2: fires again within {BAD_START_SECONDS} s: after {waited:.1f} s")


def rooms_bad_start(cluster: Cluster, verdict: Verdict) -> None:
    """The bad build is on every node before any agent is there to see health."""
    for node in cluster.nodes.values():
        node.restart("drop_remote")
    cluster.await_clients()
    began = time.monotonic()
    cluster.start_agents()
    for name in cluster.nodes:
        expect_page(cluster, verdict, REACH, name, began, BAD_START_SECONDS)


def rooms_late(cluster: Cluster, verdict: Verdict) -> None:
    """One node broadcasts everything 30 s late for five minutes: it is told throughout."""
    learn(cluster, verdict, LEARN_SECONDS)
    began = time.monotonic()
    cluster.nodes["n1"].switch(f"delay={LATE_SECONDS}")
    loss = expect_page(cluster, verdict, REACH, "n1", began, PAGE_SECONDS)
    lag = expect_page(cluster, verdict, LAG, "n1", began, LATE_PAGE_SECONDS)
    time.sleep(max(0, began + LATE_FOR_SECONDS - time.monotonic()))
    for page in (loss, lag):
        if page:
            verdict.expect(page.gone is None, f"{page.name} fires throughout")
    others = [str(page) for page in cluster.alertmanager.firing() if page.node != "n1"]
    verdict.equal("alerts of the other nodes", [], others)


def rooms_innocent(cluster: Cluster, verdict: Verdict) -> None:
    """Clients leave and come back, servers restart: nobody may be woken."""
    learn(cluster, verdict, LEARN_SECONDS)
    gone = cluster.clients.ask("storm", share=0.9, seconds=15)["gone"]
    verdict.say(f"  {gone} clients leave at once and come back within 15 s")
    cluster.await_clients(25)
    time.sleep(6)
    expect_silence(cluster, verdict, "reconnect storm")
    for node in cluster.nodes.values():
        node.restart()
        time.sleep(3)
    time.sleep(6)
    expect_silence(cluster, verdict, "rolling restart of a healthy build")
    for agent in cluster.agents.values():
        agent.restart()
    time.sleep(12)
    expect_silence(cluster, verdict, "agent restart")


SCENARIOS = {
    "rooms_outage": Scenario(rooms_outage, Load(has_rooms=True)),
    "rooms_bad_start": Scenario(rooms_bad_start, Load(has_rooms=True, agents_wait=True)),
    "rooms_late": Scenario(rooms_late, Load(has_rooms=True)),  # five minutes: not in CI
    "rooms_innocent": Scenario(rooms_innocent, Load(has_rooms=True)),
}
