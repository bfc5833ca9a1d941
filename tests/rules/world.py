# SPDX-License-Identifier: Apache-2.0
"""A small world of agents as promtool sees it: what three nodes of one shard export over time.

A story changes the rates of a node at a time; the counters are their sums. Series are those of a
real agent (tests/rules/exported.py holds the names to one), scraped each 15 s.
"""
import dataclasses
import math
import random

SCRAPE = 15  # seconds
NODES = ("a", "b", "c")
CLUSTER, SHARD = "x", "s1"
REACH_NORMAL = 'fanfare_propagation_normal{shard="s1",signal="reach"}'
FIRING = 'fanfare_alerts_firing{alertname="FanfareReachLoss",severity="critical"}'


@dataclasses.dataclass
class Rates:
    """Of one node, for each second."""

    due: float = 20  # events of the shard's log, here and elsewhere
    reach: float = 0.92  # share of them that reaches a client of this node
    local: float = 0  # share of the due that clients of this node published
    reach_local: float | None = None  # of those; else as of the others
    copies: float = 4  # for each event
    log: float = 1  # share of the shard's entries that the leader sends to this node
    astray: float = 0  # share of what was sent to it that never comes in
    sockets: int = 500
    coverage: float = 1
    losses: float = 0
    taken: float = 1 / 30  # posts of alerts


class Node:
    """Rates hold from their time on; None: the agent is not there."""

    def __init__(self, name: str):
        self.name = name
        self.rates = [(0, Rates())]
        self.gauges = {}  # series text without cluster and node -> [(seconds, value)]
        self.started = [0]  # the agent's starts
        self.late = 0  # scrapes by which its samples lag behind those of the others
        self.instance = name
        self.looked_for = True  # by Prometheus, while its agent is away

    def change(self, seconds: float, **changes) -> None:
        last = self.at(seconds) or Rates()
        self.rates.append((seconds, dataclasses.replace(last, **changes)))

    def agent_gone(self, seconds: float) -> None:
        self.rates.append((seconds, None))

    def agent_back(self, seconds: float) -> None:
        """A new process: its counters begin at 0."""
        before = [r for s, r in self.rates if r is not None][-1]
        self.rates.append((seconds, before))
        self.started.append(seconds)

    def joins(self, seconds: float, **rates) -> None:
        """It was not there before."""
        self.rates, self.started, self.looked_for = [(0, None), (seconds, Rates(**rates))], [0, seconds], False

    def gauge(self, series: str, *steps: tuple) -> None:
        self.gauges[series] = list(steps)

    def at(self, seconds: float) -> Rates | None:
        return _at(self.rates, seconds)


def _at(steps: list, seconds: float):
    return next((value for since, value in reversed(steps) if since <= seconds), None)


def _text(values: list) -> str:
    """promtool's notation, runs of equal steps drawn together; None: no sample."""
    out, i = [], 0
    while i < len(values):
        run = i + 1
        if values[i] is None:
            while run < len(values) and values[run] is None:
                run += 1
            out.append("stale" + (f" _x{run - i - 1}" if run - i > 1 else ""))
        else:
            step = 0
            if run < len(values) and values[run] is not None:
                step = round(values[run] - values[i], 9)
                while (run < len(values) and values[run] is not None
                       and math.isclose(values[run] - values[run - 1], step, abs_tol=1e-9)):
                    run += 1
            out.append(f"{values[i]:.12g}" + (f"{step:+.12g}x{run - i - 1}" if run - i > 1 else ""))
        i = run
    return " ".join(out)


class World:
    def __init__(self, minutes: float, seed: int | None = None, shard: str = SHARD,
                 named: bool = True, identity: bool = True):
        self.steps = int(minutes * 60 / SCRAPE) + 1
        self.nodes = {name: Node(name) for name in NODES}
        self.targets = {}  # up by instance, where it is not as the agent is
        self._dice = random.Random(seed) if seed is not None else None
        self.burst = 1  # events that fare alike
        self.shard, self.named, self.identity = shard, named, identity
        self.gaps: list[tuple] = []  # (from, to) in seconds: nothing is scraped
        self.scraped_by = ["monitoring/fanfare"]  # jobs
        self.origins = False  # both are exported, as with rooms
        for node in self.nodes.values():
            self._equip(node)

    def add(self, name: str, seconds: float, **rates) -> Node:
        """A node that comes then."""
        node = self.nodes[name] = Node(name)
        self._equip(node)
        node.joins(seconds, **rates)
        return node

    def _equip(self, node: Node) -> None:
        if self.identity:
            node.gauge(REACH_NORMAL, (0, 0.92))
        node.gauge('fanfare_propagation_normal{shard="s1",signal="copies"}', (0, 4))
        node.gauge('fanfare_detectable_loss{shard="s1",signal="reach"}', (0, 0.05))
        node.gauge('fanfare_bookkeeping_error{shard="s1"}', (0, 0))
        node.gauge('fanfare_config_last_reload_successful{}', (0, 1))
        node.gauge('fanfare_shards_over_limit{}', (0, 0))
        node.gauge('fanfare_map_entries{map="flows"}', (0, 600))
        node.gauge('fanfare_map_capacity{map="flows"}', (0, 4096))
        node.gauge(FIRING, (0, 0))
        node.gauge('fanfare_build_info{version="1"}', (0, 1))

    def all(self, seconds: float, **changes) -> None:
        for node in self.nodes.values():
            node.change(seconds, **changes)

    def _reached(self, due: int, share: float) -> float:
        if self._dice is None:
            return due * share
        rooms = [self.burst] * (due // self.burst) + [due % self.burst]
        return sum(events for events in rooms if self._dice.random() < share)

    def _counters(self, node: Node) -> dict[str, list]:
        series: dict[str, list] = {}
        totals: dict[str, float] = {}
        began = 0
        for step in range(self.steps):
            now = step * SCRAPE
            rates = node.at(now)
            start = max(s for s in node.started if s <= now)
            if start != began:
                totals, began = {}, start
            grown = self._grown(node, rates, now) if rates else {}
            for name in grown:
                totals[name] = totals.get(name, 0) + (grown[name] if now > start else 0)
            for name in series.keys() | grown.keys():
                line = series.setdefault(name, [None] * step)
                line.append(totals.get(name, 0) if rates else None)
        return series

    def _grown(self, node: Node, rates: Rates, now: float) -> dict[str, float]:
        due = rates.due * SCRAPE * rates.log * (1 - rates.astray)
        due = round(due) if self._dice else due
        local = due * rates.local
        shard = f'shard="{self.shard}"'
        copies = due * rates.copies
        grown = {
            f'fanfare_events_due_total{{{shard},origin="remote"}}': due - local,
            f"fanfare_event_copies_total{{{shard}}}": copies,
            f'fanfare_messages_total{{{shard},role="client",direction="out",class="event"}}': copies,
            f'fanfare_shard_losses_total{{{shard},direction="out"}}': rates.losses * SCRAPE,
            f'fanfare_shard_losses_total{{{shard},direction="in"}}': 100 * SCRAPE,  # hides nothing
            'fanfare_alert_posts_total{target="am",result="taken"}': rates.taken * SCRAPE,
        }
        if self.identity:
            grown[f'fanfare_events_reached_total{{{shard},origin="remote"}}'] = self._reached(due - local, rates.reach)
        if self.origins:
            share = rates.reach if rates.reach_local is None else rates.reach_local
            grown[f'fanfare_events_due_total{{{shard},origin="local"}}'] = local
            grown[f'fanfare_events_reached_total{{{shard},origin="local"}}'] = self._reached(local, share)
        # a leads: it sends what the others get.
        for other in self.nodes.values():
            if node.name == "a" and other is not node and (other.at(now) or other.looked_for):
                sent = (other.at(now) or Rates()).log
                entries = self._entries("out", "a", self.known_as(other.name))
                grown[entries] = rates.due * SCRAPE * sent
        if node.name != "a":
            grown[self._entries("in", self.known_as("a"), node.name)] = due
        return grown

    def known_as(self, name: str) -> str:
        return name if self.named else f"10.0.0.{list(self.nodes).index(name)}"

    def _entries(self, direction: str, src: str, dst: str) -> str:
        return (f'fanfare_replication_entries_total{{shard="{self.shard}",'
                f'direction="{direction}",src="{src}",dst="{dst}"}}')

    def _gauges(self, node: Node) -> dict[str, list]:
        series = {}
        shard = f'shard="{self.shard}"'
        present = [node.at(step * SCRAPE) for step in range(self.steps)]
        for role, state in (("client", "synced"), ("client", "unsynced"), ("replication", "synced")):
            series[f'fanfare_sockets{{{shard},role="{role}",state="{state}"}}'] = [
                rates and (0 if state == "unsynced" else rates.sockets if role == "client"
                           else min(rates.sockets, 2)) for rates in present]
        series[f"fanfare_coverage_ratio{{{shard}}}"] = [
            rates and (rates.coverage if rates.sockets else None) for rates in present]
        series["fanfare_start_time_seconds{}"] = [
            rates and max(s for s in node.started if s <= step * SCRAPE)
            for step, rates in enumerate(present)]
        address = f"10.0.0.{list(self.nodes).index(node.name)}"
        series[f'fanfare_address_info{{address="{address}"}}'] = [rates and 1 for rates in present]
        series['fanfare_address_info{address="127.0.0.1"}'] = [rates and 1 for rates in present]
        for name, steps in node.gauges.items():
            series[name.replace('"s1"', f'"{self.shard}"')] = [
                rates and _at(steps, step * SCRAPE) for step, rates in enumerate(present)]
        return series

    def _seen(self, values: list, late: int) -> str:
        values = values[:1] * late + values[:len(values) - late]
        gaps = [(int(a / SCRAPE), int(b / SCRAPE)) for a, b in self.gaps]
        text, at = [], 0
        for begin, end in gaps:
            text += [_text(values[at:begin]), f"_x{end - begin}"]
            at = end
        return " ".join([*text, _text(values[at:])])

    def series(self) -> list[dict]:
        """As promtool's input_series; a node has its labels cluster and node from its agent."""
        out = []
        for key, node in self.nodes.items():
            away = 0 if node.looked_for else None
            present = [1 if node.at(step * SCRAPE) else away for step in range(self.steps)]
            for job in self.scraped_by:
                target = f'job="{job}",instance="{node.instance}:9477"'
                out.append({"series": f"up{{{target}}}",
                            "values": self._seen(self.targets.get(key) or present, 0)})
                for name, values in (self._counters(node) | self._gauges(node)).items():
                    labels = f'cluster="{CLUSTER}",node="{node.name}",{target},'
                    out.append({"series": name.replace("{", "{" + labels).replace(",}", "}"),
                                "values": self._seen(values, node.late)})
        return out
