# SPDX-License-Identifier: Apache-2.0
"""The outage that fanfare is for, told in a terminal of 100 columns in under two minutes.

In a terminal one screen is drawn anew each second; without one, lines follow each other.
"""
import shutil
import sys
import textwrap
import time

import web
from node import METRICS, SHARD
from processes import Failure
from scenarios import COPIES, LEARN_SECONDS, REACH, loss

WIDTH = 100
SPACING_SECONDS = 6  # between the nodes of a roll-out
PAGE_SECONDS = 15
RESOLVE_SECONDS = 75
PLAIN_SECONDS = 5  # without a terminal: between two tables
RATE_SECONDS = 3
TABLE_LINES = 8
TITLE = ("fanfare: three hosts, a chat shard on hashicorp/raft, "
         "{clients} users, {rate:.0f} messages a second")
COLUMNS = "{:<5}{:<7}{:>6}{:>7}{:>19}{:>15}{:>13}  {:<26}"
HEAD = COLUMNS.format("NODE", "BUILD", "USERS", "DUE/S", "REACHED (NORMAL)", "LOST, AGENT",
                      "LOST, USERS", "FIRING")


class Row:
    """One node, as its agent, its users and Alertmanager see it now."""

    def __init__(self, cluster, name: str):
        self._cluster, self.name, self.build = cluster, name, "good"
        self._due, self._at, self._rate = 0, time.monotonic(), "-"
        self.reach = {}

    def look(self) -> dict | None:
        """The shard as the agent has it now; None before there is one."""
        url = f"http://{self._cluster.nodes[self.name].host.address}:{METRICS}/api/v1/shards"
        shard = next((s for s in web.get_json(url) if s["shard"] == SHARD), None)
        if shard:
            self.reach = next((s for s in shard["signals"] if s["name"] == "reach"), {})
        return shard

    def text(self, users: dict) -> str:
        shard = self.look()
        if not shard:
            return COLUMNS.format(self.name, self.build, "-", "-", "-", "-", "-", "")
        now = time.monotonic()
        if now - self._at >= RATE_SECONDS:
            self._rate = f"{(shard['due'] - self._due) / (now - self._at):.0f}"
            self._due, self._at = shard["due"], now
        firing = ", ".join(f.name.removeprefix("Fanfare")
                           for f in self._cluster.alertmanager.firing(node=self.name))
        return COLUMNS.format(
            self.name, self.build, shard["sockets"]["synced"], self._rate,
            f"{figure(self.reach.get('ratio'))} ({figure(self.reach.get('normal'))})",
            f"{100 * self.reach.get('loss_estimate', 0):.1f} %", f"{loss(users):.1f} %", firing)


def figure(value) -> str:
    return "-" if value is None else f"{value:.2f}"


class Stage:
    """The table and the story below it; `run` lets time pass."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.rows = {name: Row(cluster, name) for name in cluster.nodes}
        self._live = sys.stdout.isatty()
        self._began = time.monotonic()
        self._story: list[list[str]] = []
        self._drawn = 0.0
        load = cluster.load
        self._title = TITLE.format(clients=load.clients * len(self.rows), rate=load.rate)
        if not self._live:
            print(self._title)

    def tell(self, words: str, indent: str = "        ") -> None:
        stamp = f"{time.monotonic() - self._began:5.0f} s "
        lines = textwrap.wrap(words, WIDTH, initial_indent=stamp, subsequent_indent=indent)
        self._story.append(lines)
        if not self._live:
            print("\n".join(lines))
        self.draw(force=True)

    def draw(self, force: bool = False) -> None:
        now = time.monotonic()
        if now - self._drawn < (1 if self._live else PLAIN_SECONDS) and not (force and self._live):
            return
        self._drawn = now
        wall = time.time()
        users = self.cluster.clients.ask("report", since=int(wall) - 13, until=int(wall) - 3)
        table = [HEAD] + [row.text(users["nodes"].get(name, {"due": 0}))
                          for name, row in self.rows.items()]
        table = [line.rstrip()[:WIDTH] for line in table]
        if self._live:
            page = ["\033[H\033[2J" + self._title, "", *table, "", *self._latest()]
            print("\n".join(page), flush=True)
        else:
            print("\n".join(["", *table]), flush=True)

    def _latest(self) -> list[str]:
        """As much of the story's end as the terminal has room for, no part of it cut."""
        room, shown = shutil.get_terminal_size().lines - TABLE_LINES, []
        for lines in reversed(self._story):
            if len(lines) + len(shown) > room:
                break
            shown = lines + shown
        return shown

    def run(self, seconds: float, until=lambda: False) -> bool:
        """Lets time pass, at most until `until()` is true; whether it is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if until():
                return True
            self.draw()
            time.sleep(0.2)
        return until()


def pages(cluster) -> dict:
    """The first critical alert on reach of each node."""
    found = {}
    for firing in list(cluster.alertmanager.diary):
        if firing.name == REACH and firing.severity == "critical":
            found.setdefault(firing.node, firing)
    return found


class RollOut:
    """A bad build goes from node to node; every page is told when it comes."""

    def __init__(self, stage: Stage):
        self.stage, self.cluster = stage, stage.cluster
        self.since: dict[str, float] = {}  # time.time() of the bad node's first service
        self.told: dict[str, float] = {}  # seconds from the bad node's start to its page

    def tell_pages(self) -> bool:
        for name, page in pages(self.cluster).items():
            if name in self.told:
                continue
            self.told[name] = page.at - self.cluster.nodes[name].started
            self.stage.tell(f"ALERT {page.severity} {page.name}, {self.told[name]:.1f} s after the "
                            f"bad build's start: {page.annotations['summary']}")
            if len(self.told) == 1:
                self.stage.tell(page.annotations["description"])
        return len(self.told) == len(self.cluster.nodes)

    def play(self) -> None:
        for name, node in self.cluster.nodes.items():
            node.restart("drop_remote")
            self.since[name] = time.time()
            self.stage.rows[name].build = "BAD"
            self.stage.tell(f"{name} gets a new build. It stores, replicates, answers; it does not "
                            "broadcast what came from other nodes.")
            self.stage.run(SPACING_SECONDS, lambda: bool(self.tell_pages()))
        self.stage.run(PAGE_SECONDS, self.tell_pages)


def recover(stage: Stage) -> bool:
    began = time.monotonic()
    for name, node in stage.cluster.nodes.items():
        node.restart()
        stage.rows[name].build = "good"
    stage.tell("Roll-back. The alerts stay until recovery is proven: 30 s of evidence, and a "
               "minute at least.")
    alertmanager = stage.cluster.alertmanager

    def over() -> bool:
        return not alertmanager.firing(REACH) and not alertmanager.firing(COPIES)

    resolved = stage.run(RESOLVE_SECONDS, over)
    stage.tell(f"Recovered: every alert is resolved, {time.monotonic() - began:.0f} s after the "
               "roll-back." if resolved else "NOT resolved: " + ", ".join(
                   str(f) for f in alertmanager.firing()))
    return resolved


def play(cluster) -> int:
    stage = Stage(cluster)
    stage.tell("All is well. The agents count and learn what is normal.")
    stage.run(LEARN_SECONDS)
    if cluster.alertmanager.diary:
        raise Failure(f"an alert before any fault: {cluster.alertmanager.diary[0]}")
    out = RollOut(stage)
    out.play()
    stage.run(2)
    for name, row in stage.rows.items():
        users = cluster.truth(out.since[name], time.time() - cluster.load.settle_seconds - 1)[name]
        row.look()
        agent = 100 * row.reach.get("loss_estimate", 0)
        stage.tell(f"{name}: {agent:.0f} % lost since then by the agent's estimate, "
                   f"{loss(users):.0f} % by its users' own count.")
    resolved = recover(stage)
    missing = cluster.nodes.keys() - out.told.keys()
    if missing:
        stage.tell(f"NOT alerted: {', '.join(sorted(missing))}")
    return 0 if resolved and not missing else 1
