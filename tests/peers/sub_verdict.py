# SPDX-License-Identifier: Apache-2.0
"""The demand for sub-protocols: the agent's counts equal the clients' own, class by class.

The truth moves with every heartbeat, so it is asked anew with every answer of the agent's.
"""
import time

import truth
import verdict
from processes import Failure

ANSWER_SECONDS = 60
SHARD = "room"
KINDS = ("event", "heartbeat", "other", "control")


def due(client: dict, direction: str, plan) -> dict:
    """What the agent must say of one connection; told no classes it calls everything an event."""
    said, packed = client[direction], client["packed"][direction]
    control = said["control"] + client["closes"][direction]
    if not plan.classes:  # controls inside of messages are not told either
        return {"event": client["messages"][direction], "heartbeat": 0, "other": 0,
                "control": control - client["inner"][direction]}
    # What is compressed cannot be read.
    events, heartbeats = (said[kind] - packed[kind] for kind in ("event", "heartbeat"))
    return {"event": events, "heartbeat": heartbeats, "control": control,
            "other": said["other"] + packed["event"] + packed["heartbeat"]}


def socket_differences(clients, rows, plan):
    """One row for every open connection and no other; each figure equal."""
    got = truth.by_key((row for row in rows if row["shard"] == SHARD),
                       lambda row: truth.address(row["remote"]))
    for client in (client for client in clients if client["open"]):
        where = truth.address(client["local"])
        mine = got.pop(where, [])
        if len(mine) != 1:
            yield (where, "rows", 1, len(mine))
            continue
        out, into = (due(client, direction, plan) for direction in ("out", "in"))
        wanted = {"state": "synced", "events_out": out["event"], "events_in": into["event"],
                  "control_out": out["control"],
                  "acked": out["event"], "in_flight": 0, "lost": 0, "unknown": 0}
        if plan.classes:
            wanted |= {"heartbeats_out": out["heartbeat"], "other_out": out["other"]}
        for what, value in wanted.items():
            if mine[0].get(what) != value:
                yield (where, what, value, mine[0].get(what))
    for where, left in got.items():
        yield (where, "rows", 0, len(left))


def total_differences(clients, samples, plan):
    for direction in ("out", "in"):
        for kind in KINDS:
            wanted = sum(due(client, direction, plan)[kind] for client in clients)
            got = sum(s.value for s in samples if s.name == "fanfare_messages_total"
                      and s.labels["shard"] == SHARD and s.labels["direction"] == direction
                      and s.labels["class"] == kind)
            # A client's close frame that meets a socket already gone is not seen.
            unsure = plan.hangs_up and (direction, kind) == ("in", "control")
            least = wanted - sum(client["closes"]["in"] for client in clients) * unsure
            if not least <= got <= wanted:
                yield (SHARD, f"messages_total {direction} {kind}", wanted, int(got))


def loss_differences(clients, samples, plan):
    """None but what was compressed and so could not be told."""
    kinds = ("event", "heartbeat", "other") if plan.packs_all else ("event", "heartbeat")
    packed = sum(client["packed"][way][kind] for client in clients for way in ("out", "in")
                 for kind in kinds)
    told = {"compressed": packed} if plan.classes else {}
    yield from verdict.loss_differences(
        [sample for sample in samples if sample.labels.get("reason") not in told])
    for reason, wanted in told.items():
        got = sum(s.value for s in samples if s.name == "fanfare_capture_losses_total"
                  and s.labels.get("reason") == reason)
        if got != wanted:
            yield ("capture_losses_total", reason, wanted, int(got))


def check(agent, report, plan) -> None:
    """Asks until the agent equals the truth; `report` asks the clients."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        clients = report()
        rows, samples = agent.sockets(), agent.metrics()
        found = [*loss_differences(clients, samples, plan),
                 *total_differences(clients, samples, plan),
                 *verdict.fate_differences(samples, lambda name: name == SHARD),
                 *socket_differences(clients, rows, plan)]
        if not found:
            return
        if time.monotonic() > deadline:
            count = sum(client["open"] for client in clients)
            raise Failure(f"with {count} sockets open the agent differs from the truth:\n  "
                          + verdict.table(found))
        time.sleep(0.2)
