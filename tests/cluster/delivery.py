# SPDX-License-Identifier: Apache-2.0
"""Faults of delivery, provoked: clients that take nothing, are cut off, are forgotten or thrown out.

Their alerts want five minutes and more by design, so the agents begin with what two hours of this
load would have taught them. `delivery` also gives them the evidence of the five minutes before, so
that the first ill block tells; `delivery_alerts` lets it come in as it does.
"""
import contextlib
import json
import threading
import time

import web
from harness import Cluster, Load
from node import SHARD
from processes import Failure
from scenarios import Scenario, Verdict, expect_silence, took

TAUGHT_SECONDS = 7200
BLOCK_SECONDS = 10
TICK_SECONDS = 1
COUNTS = ("written", "received", "events_out", "acked", "lost", "unknown", "in_flight",
          "unsent_bytes", "bookkeeping_error")
BEFORE_NATS = 60  # e^-60 fades by less than 2.1 nats within the blocks until the fault shows
LOAD = Load(clients=40, rooms=20, rooms_of_client=2, rate=20, rest_share=1, cells=5,
            read_buffer=4096, retries=8, publishes=("/publish",))
FORGOTTEN, STALLED = 40, 40  # percent of the clients
CHURN_SECONDS, DEAD_CELLS = 10, 3
TROUBLES_SECONDS = 15
FULL_BYTES = 2000  # unacknowledged or unsent, from which on the bad build throws a client out
AGE = {"events": TAUGHT_SECONDS, "seen": TAUGHT_SECONDS, "sockets": TAUGHT_SECONDS,
       "cohorts": TAUGHT_SECONDS / BLOCK_SECONDS, "value": 1, "lowest": 1, "highest": 1,
       "age_seconds": TAUGHT_SECONDS, "block_events": 0, "block_seen": 0, "block_seconds": 0}
TRAFFIC_LEVELS = range(20, 33)  # of silence, see Baseline: each of them knows that none is silent
ALERTS = {"ack_fate": "FanfareAckLoss", "close_loss": "FanfareLostAtClose",
          "silence": "FanfareSilentSockets", "stuck": "FanfareClientsStuck"}


def taught(load: Load, nodes: int, nats: float = 0):
    """An edit of an agent's state: two healthy hours of this load, then `nats` of evidence."""
    def edit(state: dict) -> None:
        delivery = state["judge"]["shards"][SHARD]["delivery"]
        for name in ALERTS:
            levels = TRAFFIC_LEVELS if name == "silence" else (0,)
            delivery[name]["levels"] = [{**AGE, "level": level} for level in levels]
            for scale, cohorts in zip(delivery[name]["dispersion"], (1, 8, 64)):
                scale |= {"variance": 0, "recent": 0,
                          "estimates": TAUGHT_SECONDS / BLOCK_SECONDS // cohorts}
            for component in delivery[name]["loss"]["components"]:
                component["nats"] = nats
        delivery["accepted"] |= {"events": load.rate / nodes * 3600, "seconds": 3600,
                                 "age_seconds": TAUGHT_SECONDS, "longest": 0, "gap": 0,
                                 "gap_seconds": 0, "lost": False}
        delivery["sockets_usual"] = {"sum": load.clients * 3600, "seconds": 3600,
                                     "age_seconds": TAUGHT_SECONDS}
    return edit


class Ledger:
    """What passed since the agents' start, on quiet sockets: by server, clients and agent."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster
        self._written = {name: node.stats()["written"] for name, node in cluster.nodes.items()}
        self._received = cluster.clients.ask("report")["received"]

    def of(self, name: str) -> dict:
        delivery = self._cluster.agents[name].shard()["delivery"]
        now = {**delivery,
               "written": self._cluster.nodes[name].stats()["written"] - self._written[name],
               "received": self._cluster.clients.ask("report")["received"][name]
               - self._received.get(name, 0),
               "events_out": int(self._cluster.agents[name].value(
                   "messages_total", direction="out", role="client", **{"class": "event"}))}
        return {count: now[count] for count in COUNTS}


def prepare(cluster: Cluster, nats: float = 0, forgotten: int = FORGOTTEN) -> Ledger:
    """The agents know what is normal, and every client is new: the agents' counts begin at 0."""
    time.sleep(BLOCK_SECONDS)  # that there is a shard in the agents' state
    rate = cluster.load.rate
    cluster.clients.ask("rate", rate=0)
    time.sleep(1)
    for agent in cluster.agents.values():
        agent.edit_state(taught(cluster.load, len(cluster.nodes), nats))
    cluster.nodes["n3"].switch(f"forget_percent={forgotten}")
    cluster.clients.ask("storm", share=1, seconds=1)
    time.sleep(1.5)
    cluster.await_clients()
    cluster.nodes["n3"].switch("none")
    ledger = Ledger(cluster)
    cluster.clients.ask("rate", rate=rate)
    return ledger


class Churn:
    """A bad roll of a node: cells lose their way in turn, and the build throws them out at once.

    The clients notice and come back from where they are; what was on its way to them is lost.
    """

    def __init__(self, cluster: Cluster, name: str):
        self._cluster, self._name = cluster, name
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self):
        self._cluster.nodes[self._name].switch(f"kill_full={FULL_BYTES}")
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join()
        self._cluster.nodes[self._name].switch("none")

    def _work(self) -> None:
        cells, turn = self._cluster.cells.of(self._name), 0
        while not self._stopping.is_set():
            dead = [cells[(turn + i) % len(cells)] for i in range(DEAD_CELLS)]
            turn += DEAD_CELLS
            self._cluster.cells.cut(dead)
            self._stopping.wait(CHURN_SECONDS - 1)
            for address in dead:
                self._cluster.clients.ask("storm", of=address, share=1, seconds=0.2)
            self._cluster.cells.mend(dead)
            time.sleep(1)


def alert(cluster: Cluster, node: str, name: str) -> dict | None:
    """As the agent has it, pending or firing."""
    found = [a for a in cluster.agents[node].alerts() if a["alertname"] == name]
    return found[0] if found else None


def expect_pending(cluster: Cluster, verdict: Verdict, node: str, name: str, words: str,
                   began: float, seconds: float) -> None:
    """The agent's alert is there within `seconds` of `began`, and its text says `words`."""
    def told():
        found = alert(cluster, node, name)
        return found and words in found["why"] and found
    with contextlib.suppress(Exception):
        web.wait_for(name, told, began + seconds - time.monotonic(), 0.5)
    found = alert(cluster, node, name)
    why = found["why"] if found else "no such alert"
    verdict.expect(words in why, f"{node}: {name} says {words!r} within {seconds} s: after "
                   f"{time.monotonic() - began:.0f} s")
    verdict.say(f"       {why}")
    if words not in why:
        say_sockets(cluster, verdict, node)


def say_sockets(cluster: Cluster, verdict: Verdict, node: str) -> None:
    for socket in cluster.agents[node].sockets():
        verdict.say(f"       {json.dumps(socket)}")


def expect_told(cluster: Cluster, verdict: Verdict, node: str, name: str, severity: str,
                began: float, seconds: float):
    """The alert at Alertmanager within `seconds` of `began` (time.monotonic())."""
    firing = cluster.alertmanager.await_firing(name, node, began, seconds, severity)
    verdict.expect(bool(firing), f"{node}: {severity} {name} within {seconds} s"
                   + (f": {took(cluster, began, firing)}" if firing else ""))
    if firing:
        verdict.say(f"       {firing.annotations['description']}")
    return firing


def expect_troubles(cluster: Cluster, verdict: Verdict, name: str, stuck: int, silent: int) -> None:
    def known():
        told = cluster.agents[name].shard()["delivery"]
        return (told["stuck"], told["silent"]) == (stuck, silent)
    with contextlib.suppress(Failure):  # a client that the machine keeps from reading looks stuck
        web.wait_for("stuck and silent clients", known, TROUBLES_SECONDS, 0.5)
    delivery = cluster.agents[name].shard()["delivery"]
    verdict.equal(f"{name}: stuck clients, by the clients' own word", stuck, delivery["stuck"])
    verdict.equal(f"{name}: silent clients, by the clients' own word", silent, delivery["silent"])
    if (delivery["stuck"], delivery["silent"]) != (stuck, silent):
        say_sockets(cluster, verdict, name)


def settled(ledger: Ledger, name: str) -> dict:
    """The ledger of a node that says the same twice, more than a tick of the agent apart.

    The server is asked now and the agent answers with its last tick: while something still moves
    they speak of two times.
    """
    before = None
    for _ in range(15):
        now = ledger.of(name)
        if now == before and now["in_flight"] == 0 and now["unsent_bytes"] == 0:
            break
        before = now
        time.sleep(2 * TICK_SECONDS)
    return now


def expect_balance(cluster: Cluster, verdict: Verdict, ledger: Ledger, harmed: str) -> None:
    """With nothing on its way: every frame is accounted for, on `harmed` with what was lost."""
    cluster.clients.ask("rate", rate=0)
    for name in cluster.nodes:
        now = settled(ledger, name)
        fates = now["acked"] + now["lost"] + now["unknown"] + now["in_flight"]
        verdict.equal(f"{name}: events out = acked + lost + unknown + in flight",
                      now["events_out"], fates)
        verdict.equal(f"{name}: bookkeeping error", 0, now["bookkeeping_error"])
        counts = f"{now['acked']} <= {now['received']} <= {now['events_out']} <= {now['written']}"
        if name != harmed:
            verdict.expect(now["acked"] == now["received"] == now["events_out"] == now["written"],
                           f"{name}: acked = received by the clients = events out = written by the "
                           f"server: {counts}")
            continue
        # A client's kernel may have an event whose ACK was cut off; what the server has written to
        # a socket that it throws out may not have left.
        verdict.expect(now["acked"] <= now["received"] <= now["events_out"] <= now["written"],
                       f"{name}: acked <= received by the clients <= events out <= written by the "
                       f"server: {counts}")
        verdict.expect(now["lost"] > 0 and now["written"] > now["events_out"],
                       f"{name}: {now['lost']} lost on their way, "
                       f"{now['written'] - now['events_out']} were never sent")


def delivery(cluster: Cluster, verdict: Verdict) -> None:
    """A bad roll throws clients out, others stop reading, others are forgotten: all are told of."""
    ledger = prepare(cluster, BEFORE_NATS)
    expect_silence(cluster, verdict, "before any fault")
    began = time.monotonic()
    stalled = cluster.clients.ask("stall", of="n2", share=STALLED / 100, seconds=100)["stalled"]
    with Churn(cluster, "n1"):
        for name, severity in (("FanfareAckLoss", "critical"), ("FanfareLostAtClose", "warning")):
            expect_told(cluster, verdict, "n1", name, severity, began, 110)
        expect_pending(cluster, verdict, "n2", "FanfareClientsStuck",
                       f"{stalled} of {LOAD.clients} sockets", began, 100)
        silent = cluster.clients.ask("troubles", seconds=60)["n3"]["silent"]
        expect_pending(cluster, verdict, "n3", "FanfareSilentSockets",
                       f"{100 * silent / LOAD.clients:.1f} % of the sockets are silent", began, 100)
        expect_troubles(cluster, verdict, "n2", stalled, 0)
        expect_troubles(cluster, verdict, "n3", 0, silent)
    time.sleep(max(0, began + 101 - time.monotonic()))
    expect_balance(cluster, verdict, ledger, "n1")


def expect_resolved(verdict: Verdict, told: list, healed: float, seconds: float) -> None:
    """All of `told` are gone from Alertmanager within `seconds` of `healed`, and not before."""
    deadline = healed + seconds
    told = list(filter(None, told))
    while any(f.gone is None for f in told) and time.monotonic() < deadline:
        time.sleep(0.5)
    for firing in told:
        after = f": {firing.gone - healed:.0f} s after" if firing.gone else ""
        verdict.expect(bool(firing.gone) and firing.gone > healed,
                       f"{firing}: resolved within {seconds} s of the end of the fault{after}")


def slow_ones(cluster: Cluster, verdict: Verdict) -> None:
    """Those that want five minutes: thrown out, stalled and forgotten clients."""
    began = time.monotonic()
    cluster.clients.ask("stall", of="n2", share=STALLED / 100, seconds=600)
    told = []
    with Churn(cluster, "n1"):
        for node, name, severity, seconds in (
                ("n1", "FanfareAckLoss", "critical", 400),
                ("n1", "FanfareLostAtClose", "warning", 420),
                ("n2", "FanfareClientsStuck", "warning", 540),
                ("n3", "FanfareSilentSockets", "warning", 540)):
            told.append(expect_told(cluster, verdict, node, name, severity, began, seconds))
    cluster.clients.ask("stall", of="n2", share=1, seconds=0)
    cluster.clients.ask("storm", of="n3", share=1, seconds=2)
    healed = time.monotonic()
    closes = [f for f in told if f and f.name == "FanfareLostAtClose"]
    expect_resolved(verdict, [f for f in told if f not in closes], healed, 330)
    # Twenty minutes without a close, or as many blocks with healthy ones.
    for _ in range(30):
        cluster.clients.ask("storm", of="n1", share=0.1, seconds=1)
        time.sleep(BLOCK_SECONDS)
    expect_resolved(verdict, closes, healed, 700)


def quick_ones(cluster: Cluster, verdict: Verdict) -> None:
    """Those that want two minutes: nothing is accepted, and most clients leave."""
    began = time.monotonic()
    cluster.nodes["n1"].switch("refuse")
    cluster.clients.ask("storm", of="n2", share=0.8, pause=200, seconds=1)
    told = [expect_told(cluster, verdict, "n1", "FanfareNoAccepted", "warning", began, 180),
            expect_told(cluster, verdict, "n2", "FanfareSocketCollapse", "warning", began, 160)]
    cluster.nodes["n1"].switch("none")
    expect_resolved(verdict, told[:1], time.monotonic(), 90)
    expect_resolved(verdict, told[1:], began + 200, 100)


def delivery_alerts(cluster: Cluster, verdict: Verdict) -> None:
    """Every alert on delivery in its own time, from the fault to its end: 20 minutes."""
    prepare(cluster)
    slow_ones(cluster, verdict)
    quick_ones(cluster, verdict)


def delivery_innocent(cluster: Cluster, verdict: Verdict) -> None:
    """Mobile clients that stall and come back, a restart from node to node, an evening."""
    prepare(cluster, forgotten=0)
    verdict.say("  4 % of the clients stall, for 12 to 37 s at a time")
    cluster.clients.ask("wander", share=0.04, seconds=25)
    time.sleep(150)
    expect_silence(cluster, verdict, "stalling clients")
    verdict.say("  rolling restart of a healthy build")
    for node in cluster.nodes.values():
        node.restart()
        time.sleep(20)
    expect_silence(cluster, verdict, "rolling restart")
    verdict.say("  the evening: traffic falls to a tenth within five minutes")
    for step in range(1, 11):
        cluster.clients.ask("rate", rate=LOAD.rate * 10 ** (-step / 10))
        time.sleep(30)
    expect_silence(cluster, verdict, "evening")
    for name, agent in cluster.agents.items():
        most = {s["name"]: round(s["evidence"], 1) for s in agent.shard()["signals"]}
        verdict.say(f"       {name}: evidence {most}")


SCENARIOS = {
    "delivery": Scenario(delivery, LOAD),
    "delivery_alerts": Scenario(delivery_alerts, LOAD),  # 20 minutes: not in CI
    "delivery_innocent": Scenario(delivery_innocent, LOAD),  # nine minutes: not in CI
}
