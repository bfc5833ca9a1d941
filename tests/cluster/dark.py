# SPDX-License-Identifier: Apache-2.0
"""A share of the client sockets that the agent has no room for, while a bad build is rolled out."""
import time

import web
from harness import Cluster, Load
from node import SHARD
from processes import Failure
from scenarios import LEARN_WELL_SECONDS, Scenario, Verdict, learn, roll_back, roll_out

CLIENTS = 50  # of each node
DARK = 3  # of them: 6 %
RECORDS = CLIENTS - DARK + 1  # one is the agent's own, by whose socket it proves that it counts
PAGE_SECONDS = 12
STEADY_SECONDS = 20  # patience, no demand: until records are given back, and taken by those who wait
AWAY_SECONDS = 30
STAY_SECONDS = 3  # more ticks than a closed socket's record has
LEAVE_SHARE = 0.5


def rows(agent) -> dict:
    """How many sockets of the shard are in which state, by role and state."""
    counts = {}
    for socket in agent.sockets():
        if socket["shard"] == SHARD:
            key = (socket["role"], socket["state"])
            counts[key] = counts.get(key, 0) + 1
    return counts


def own_records(agent) -> int:
    return len(agent.sockets("--shard", "fanfare-selftest"))


def all_in_use(agent) -> bool:
    """By clients that are counted, and by the agent."""
    counts = rows(agent)
    return counts.get(("client", "synced"), 0) + own_records(agent) == RECORDS


def patiently(steady) -> None:
    """Until `steady()`, or until patience ends: what differs is said by the assertions."""
    try:
        web.wait_for("steady", steady, STEADY_SECONDS)
    except Failure:
        pass


def expect_dark(cluster: Cluster, verdict: Verdict, when: str) -> None:
    """Each client is counted or dark, and each figure says the same share; no other node is dark."""
    for name, agent in cluster.agents.items():
        patiently(lambda of=agent: all_in_use(of))
        counts = rows(agent)
        dark = CLIENTS + own_records(agent) - RECORDS
        verdict.equal(f"{name}, {when}: rows of clients",
                      {("client", "synced"): CLIENTS - dark, ("client", "dark"): dark},
                      {key: count for key, count in counts.items() if key[0] == "client"})
        verdict.equal(f"{name}: other nodes' sockets that are not followed", 0,
                      sum(count for (role, state), count in counts.items()
                          if role == "replication" and state != "synced"))
        verdict.equal(f"{name}: its shard's sockets",
                      {"synced": CLIENTS - dark, "unsynced": 0, "dark": dark},
                      agent.shard()["sockets"])
        verdict.equal(f"{name}: dark in /metrics", dark,
                      int(agent.value("sockets", role="client", state="dark")))
        verdict.equal(f"{name}: coverage", (CLIENTS - dark) / CLIENTS, agent.value("coverage_ratio"))


def expect_adopted(cluster: Cluster, verdict: Verdict, name: str) -> None:
    """Where clients leave, those that are dark have their records."""
    agent = cluster.agents[name]
    gone = cluster.clients.ask("storm", of=name, share=LEAVE_SHARE, pause=AWAY_SECONDS,
                               seconds=1)["gone"]
    left = {("client", "synced"): CLIENTS - gone}
    began = time.monotonic()

    def clients() -> dict:
        return {key: count for key, count in rows(agent).items() if key[0] == "client"}

    def stay_so() -> bool:
        if clients() != left:
            return False
        time.sleep(STAY_SECONDS)
        return clients() == left

    patiently(stay_so)
    verdict.equal(f"{name}: rows of clients when {gone} have left", left, clients())
    verdict.say(f"       after {time.monotonic() - began:.1f} s")
    verdict.equal(f"{name}: coverage", 1.0, agent.value("coverage_ratio"))


def dark_outage(cluster: Cluster, verdict: Verdict) -> None:
    """A bad build goes from node to node while 6 % of the sockets are dark: pages as without them."""
    learn(cluster, verdict, LEARN_WELL_SECONDS)
    for name, agent in cluster.agents.items():
        verdict.equal(f"{name}: dark", DARK, agent.shard()["sockets"]["dark"])
    expect_dark(cluster, verdict, "at the start")
    pages = roll_out(cluster, verdict, PAGE_SECONDS)
    expect_dark(cluster, verdict, "while the fault lasts")
    roll_back(cluster, verdict, pages)
    expect_dark(cluster, verdict, "after the roll-back")
    expect_adopted(cluster, verdict, next(iter(cluster.nodes)))


SCENARIOS = {"dark_outage": Scenario(dark_outage, Load(clients=CLIENTS, records=RECORDS))}
