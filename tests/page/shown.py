# SPDX-License-Identifier: Apache-2.0
"""What the page must show for what the API says: the same figures, written for people."""
import decimal
import time

import web

UNKNOWN = "–"
TRIES = 40


def fixed(number: float, digits: int) -> str:
    """Of the exact binary value, halves up; as browsers do."""
    step = decimal.Decimal(1).scaleb(-digits)
    return f"{decimal.Decimal(number).quantize(step, decimal.ROUND_HALF_UP):,}"


def rate(number: float) -> str:
    return fixed(number, 0 if number >= 100 or number == 0 else 1)


def ratio(number: float | None) -> str:
    if number is None:
        return UNKNOWN
    return fixed(number, 0 if number >= 100 else 1 if number >= 10 else 2)


def percent(share: float | None) -> str:
    if share is None:
        return UNKNOWN
    return "100 %" if share == 1 else "0 %" if share == 0 else f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def ratio_cell(signal: dict) -> str:
    if signal["ratio"] is None:
        return "unknown"
    normal = signal["normal"]
    return f"{ratio(signal['ratio'])}" + (", normal not learned yet" if normal is None
                                          else f" of {ratio(normal)}")


def figures(shard: dict) -> dict:
    sockets = shard["sockets"]
    return {
        "events_out": rate(shard["events_out_per_second"]),
        "events_in": rate(shard["events_in_per_second"]),
        "sockets": fixed(sockets["synced"] + sockets["unsynced"] + sockets["dark"], 0),
        "unsynced": fixed(sockets["unsynced"] + sockets["dark"], 0),
        "coverage": percent(shard["coverage"]),
        "total": fixed(shard["events_out"], 0),
    }


def lost_note(signal: dict) -> str:
    if signal["name"] == "accepted":
        return "stopped"
    more_is_worse = signal["name"] in ("silence", "stuck", "close_loss")
    return f"{percent(signal['loss_estimate'])} {'worse off' if more_is_worse else 'lost'}"


def signals(shard: dict) -> dict:
    return {
        s["name"] + (f" to {s['peer']}" if s["peer"] else ""): {
            "ratio": ratio_cell(s),
            "note": lost_note(s) if s["lost"]
                    else (s["unknown"] or "") if s["ratio"] is None else "",
            "evidence": f"{fixed(s['evidence'], 1)} of {fixed(s['threshold'], 1)}",
        } for s in shard["signals"]}


def same_tick(browser, url: str) -> tuple[dict, dict] | None:
    """The page and the API's status of one tick: under load the total is another each second."""
    for _ in range(TRIES):
        status, page = web.get_json(f"{url}/api/v1/status"), browser.read()
        if [s["figures"]["total"] for s in page["shards"]] == \
                [fixed(s["events_out"], 0) for s in status["shards"]]:
            return page, status
        time.sleep(0.13)
    return None


def row(point: dict) -> list[str]:
    """Of the table, without the time: that is in the browser's zone."""
    known = [("events_out", rate), ("events_in", rate), ("reach", ratio), ("reach_normal", ratio),
             ("copies", ratio), ("copies_normal", ratio), ("replication", ratio),
             ("evidence", lambda nats: fixed(nats, 1)), ("coverage", percent)]
    cells = [UNKNOWN if point[key] is None else text(point[key]) for key, text in known]
    return [*cells, fixed(point["synced"] + point["unsynced"], 0), fixed(point["firing"], 0)]
