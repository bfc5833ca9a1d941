# SPDX-License-Identifier: Apache-2.0
"""What somebody at the page sees, hears and reaches while a node loses events and its agent ends."""
import contextlib
import json
import pathlib
import socket
import time
import urllib.parse

import shown
import web
from node import METRICS, SHARD
from processes import Failure
from scenarios import LEARN_SECONDS, REACH, Verdict

PATIENCE = 60  # seconds: how fast a machine is, is no verdict on the page
SHIFT = 0.25  # what Core Web Vitals call poor; good is 0.1, which rows that come late on a busy machine exceed
# Each would run if it were ever taken for more than text.
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>\\ & "quoted"'
HOSTILE_NODE = "<b onclick=alert(3)>n</b>"


def url_of(cluster, name: str) -> str:
    return f"http://{cluster.nodes[name].host.address}:{METRICS}"


def rename(agent, config: pathlib.Path) -> None:
    """The agent again, with names that somebody wicked has chosen."""
    changed = json.loads(config.read_text(encoding="utf-8"))
    changed["node"] = HOSTILE_NODE
    changed["shards"][0]["name"] = HOSTILE
    config.write_text(json.dumps(changed), encoding="utf-8")
    agent.restart()


def expect_same(browser, url: str, verdict: Verdict, when: str) -> None:
    """Every figure of the page is the API's."""
    found = shown.same_tick(browser, url)
    if not verdict.expect(bool(found), f"{when}: the page and the API at the same tick"):
        return
    page, status = found
    for card, shard in zip(page["shards"], status["shards"], strict=True):
        verdict.equal(f"{when}: name", shard["shard"], card["shard"])
        verdict.equal(f"{when}: figures", shown.figures(shard), card["figures"])
        verdict.equal(f"{when}: signals", shown.signals(shard), card["signals"])
    told = [(a["alertname"], a["state"], a["severity"], a["why"] or "") for a in status["alerts"]]
    verdict.equal(f"{when}: alerts", told,
                  [(a["name"], a["state"], a["severity"], a["why"]) for a in page["alerts"]])


def healthy(browser, url: str, verdict: Verdict) -> None:
    page, took = browser.wait_for("the page lives", lambda p: p["state"] == "live" and p["shards"], PATIENCE)
    verdict.expect(True, f"live {took:.1f} s after it was opened")
    verdict.equal("alerts in a sentence", "No alert fires.", page["summary"])
    browser.wait_for("reach and what is normal are known", lambda p: " of " in
                     p["shards"][0]["signals"].get("reach", {}).get("ratio", ""), LEARN_SECONDS + PATIENCE)
    expect_same(browser, url, verdict, "healthy")
    verdict.equal("accessibility, light", [], browser.ask("axe")["violations"])
    shift = browser.ask("shift")["score"]
    # A row that says why a peer's ratio is unknown is taller.
    verdict.expect(shift < SHIFT, f"what is there hardly moves while figures come: {shift:.3f}")


def fault(cluster, name: str, browser, url: str, verdict: Verdict) -> None:
    cluster.nodes[name].switch("drop_remote")
    page, took = browser.wait_for("an alert", lambda p: any(
        a["name"] == REACH and a["state"] == "firing" for a in p["alerts"]), PATIENCE)
    verdict.expect(True, f"{REACH} on the page {took:.1f} s after the fault")
    alert = page["alerts"][0]
    verdict.equal("where", SHARD, alert["where"])
    verdict.expect(bool(alert["why"]) and "Roll back" in alert["next"], f"why, and what is next: {alert['next']}")
    verdict.equal("in a sentence", f"1 alert fires: {REACH} of {SHARD}.", page["summary"])
    verdict.equal("the title", f"(1 firing) {name} · fanfare", page["title"])
    verdict.equal("the card is marked", "true", page["shards"][0]["firing"])
    expect_same(browser, url, verdict, "firing")


def history_rows(url: str) -> list[list[str]]:
    """What the table must hold, newest first, once there is anything."""
    def rows():
        points = web.get_json(f"{url}/api/v1/history?shard={SHARD}")["shards"][0]["points"]
        return [shown.row(p) for p in reversed(points) if p["at"] % 30 < 5]

    return web.wait_for("half a minute of history", rows, PATIENCE)


def past(browser, url: str, verdict: Verdict) -> None:
    """Opened again: the plots and their table are the agent's memory."""
    history_rows(url)
    browser.ask("open", url=url)
    # A plot says what it knows once it has been drawn.
    browser.wait_for("plots", lambda p: p["shards"] and all(
        plot.get("known") for plot in p["shards"][0]["plots"].values()), PATIENCE)
    browser.ask("enter", selector="article details:nth-of-type(1) summary")
    browser.ask("enter", selector="article details:nth-of-type(2) summary")
    page, _ = browser.wait_for("the table", lambda p: p["shards"][0]["rows"] and p["shards"][0]["queries"], PATIENCE)
    due = history_rows(url)
    rows = [row[1:] for row in page["shards"][0]["rows"]]
    # The page may be a row ahead, by the step that still runs.
    verdict.equal("the table is the agent's history", due, rows[-len(due):])
    verdict.expect(len(rows) <= len(due) + 1, f"rows: {len(rows)} of {len(due)}")
    for title, plot in page["shards"][0]["plots"].items():
        verdict.expect(plot.get("known") == "true" and "minutes: " in plot["words"], f"{title}: {plot['words']}")
    label = f'cluster="test",node="{page["title"].split()[2]}",shard="{SHARD}"'
    verdict.expect(f"fanfare_coverage_ratio{{{label}}}" in page["shards"][0]["queries"], "PromQL")


def narrow_dark_and_keyboard(browser, verdict: Verdict) -> None:
    light = browser.ask("look", width=1280, height=900, dark=False)["ground"]
    dark = browser.ask("look", width=400, height=800, dark=True)["ground"]
    verdict.expect(light != dark, f"the ground is {light} by day, {dark} by night")
    time.sleep(1.2)  # the next tick paints the plots
    page = browser.read()
    verdict.equal("400 pixels: the page is as wide as the window", page["width"], page["scrolls"])
    verdict.equal("accessibility, dark and narrow", [], browser.ask("axe")["violations"])
    stops = browser.ask("walk")["stops"]
    reached = [stop["text"].strip() for stop in stops]
    for wanted in ("To the shards", SHARD, "The plots as a table", "As PromQL",
                   "copy the query for coverage", "metrics"):
        verdict.expect(wanted in reached, f"reached with the Tab key: {wanted}")
    hidden = [stop["text"] for stop in stops if not stop["visible"]]
    verdict.equal("has the focus and does not show it", [], hidden)
    browser.ask("look", width=1280, height=900, dark=False)


def away_and_back(agent, browser, url: str, verdict: Verdict) -> None:
    agent.stop()
    page, took = browser.wait_for("stale", lambda p: p["state"] == "stale", PATIENCE)
    verdict.expect("Stale" in page["connection"], f"{took:.1f} s after the agent's end: {page['connection']}")
    verdict.expect("not fresh" in page["health"], f"health: {page['health']}")
    verdict.equal("accessibility, stale", [], browser.ask("axe")["violations"])
    agent.start()
    agent.await_ready()
    _, took = browser.wait_for("back", lambda p: p["state"] == "live", PATIENCE)
    verdict.expect(True, f"live {took:.1f} s after the agent was ready again")
    time.sleep(2)
    expect_same(browser, url, verdict, "back")


@contextlib.contextmanager
def crowd(url: str):
    """All seats for listeners are taken."""
    parts = urllib.parse.urlsplit(url)
    with contextlib.ExitStack() as seats:
        for _ in range(16):
            seat = seats.enter_context(socket.create_connection((parts.hostname, parts.port), 5))
            seat.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            if not seat.recv(64).startswith(b"HTTP/1.1 200 "):
                raise Failure("there are fewer than 16 seats")
        yield


def hostile_and_crowded(browser, url: str, verdict: Verdict) -> None:
    """Names that would be code, on a page that gets no stream: it asks instead."""
    browser.ask("open", url=url)
    opened = time.monotonic()
    page, _ = browser.wait_for("the hostile names", lambda p: p["state"] == "live" and p["shards"], PATIENCE)
    verdict.equal("a shard's name is text", HOSTILE, page["shards"][0]["shard"])
    verdict.expect(HOSTILE_NODE in page["node"], f"so is a node's: {page['node']}")
    verdict.equal("images", 0, page["images"])
    browser.ask("enter", selector="article details:nth-of-type(2) summary")
    page, _ = browser.wait_for("queries", lambda p: p["shards"][0]["queries"], 5)
    escaped = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    verdict.expect(f'shard="{escaped}"' in page["shards"][0]["queries"][0], "its label is escaped in PromQL")
    time.sleep(max(0, opened + 7 - time.monotonic()))
    verdict.equal("with 16 others listening, after 7 s", "live", browser.read()["state"])


def judge(cluster, browser) -> int:
    """0 when nothing was missed."""
    verdict = Verdict()
    began = time.monotonic()
    leader = cluster.leader()
    other = next(name for name in cluster.nodes if name != leader)
    url = url_of(cluster, leader)
    # An agent judges a shard from its second tick on: the signals' rows all come at once then.
    web.wait_for("the shard is judged", lambda: any(
        shard["signals"] for shard in web.get_json(f"{url}/api/v1/shards")), 10)
    verdict.equal("status of the page", 200, browser.ask("open", url=url)["status"])
    rename(cluster.agents[other], cluster.agents[leader].admin.with_name(f"{other}.yaml"))
    healthy(browser, url, verdict)
    fault(cluster, leader, browser, url, verdict)
    past(browser, url, verdict)
    narrow_dark_and_keyboard(browser, verdict)
    away_and_back(cluster.agents[leader], browser, url, verdict)
    with crowd(url_of(cluster, other)):
        hostile_and_crowded(browser, url_of(cluster, other), verdict)
    log = browser.ask("log")
    ours = (url, url_of(cluster, other))
    foreign = [r for r in log["requests"] if not r.startswith(tuple(f"{o}/" for o in ours))
               and not r.startswith("data:image/svg+xml,")]
    verdict.equal("requests to anybody else", [], foreign)
    verdict.expect(len(log["requests"]) >= 4, f"requests seen: {len(log['requests'])}")
    verdict.equal("complaints of the browser", [], log["complaints"])
    verdict.equal("cookies", [], browser.ask("cookies")["cookies"])
    words = f"{verdict.misses} missed" if verdict.misses else "all as it should be"
    print(f"live: {words} ({time.monotonic() - began:.0f} s)", flush=True)
    return 1 if verdict.misses else 0
