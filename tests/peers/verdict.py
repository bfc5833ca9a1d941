# SPDX-License-Identifier: Apache-2.0
"""The demand: what the agent counted equals the truth, per socket and in total, for each shard.

The agent looks once a second, so a question is asked again until the answer is right or time is up.
"""
import dataclasses
import time

import truth
from processes import Failure

ANSWER_SECONDS = 60
SHOWN = 10  # differences in the table of a failure


@dataclasses.dataclass(frozen=True)
class Shard:
    name: str  # for people; the agent calls it by its program, perhaps with @leaf of the cgroup
    port: int
    remote: str  # which field of a Link the agent sees as the remote address

    def owns(self, name: str) -> bool:
        server, _, port = name.partition("@")[0].rpartition(":")
        return port == str(self.port) and server not in ("unknown", self.port)


def table(differences) -> str:
    rows = [("where", "what", "expected", "got"), *differences[:SHOWN]]
    widths = [max(len(str(row[i])) for row in rows) for i in range(4)]
    lines = ("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) for row in rows)
    more = len(differences) - SHOWN
    return "\n  ".join(lines) + (f"\n  ... and {more} more" if more > 0 else "")


def expected_of_socket(link) -> dict:
    expected = {
        "role": "client", "protocol": "websocket", "state": "synced",
        "events_out": link.events_out, "events_in": link.events_in,
        "control_out": link.control_out,
        # All of it has been read on the other side, so TCP has acknowledged it.
        "acked": link.events_out, "in_flight": 0, "lost": 0, "unknown": 0,
    }
    if link.frames is not None:
        expected["frames_out"] = link.frames + link.control_out
    return expected


def socket_differences(shard: Shard, links, rows):
    """One row for every open connection and no other; each figure equal."""
    rows = [row for row in rows if shard.owns(row["shard"])]
    got = truth.by_key(rows, lambda row: truth.address(row["remote"]))
    for link in (link for link in links if link.open):
        where = getattr(link, shard.remote)
        mine = got.pop(where, [])
        if len(mine) != 1:
            yield (f"{shard.name} {where}", "rows", 1, len(mine))
            continue
        row = mine[0]
        for what, value in expected_of_socket(link).items():
            if row.get(what) != value:
                yield (f"{shard.name} {where}", what, value, row.get(what))
        if (row.get("frames_out") or 0) < link.events_out + link.control_out:
            yield (f"{shard.name} {where}", "frames_out", "one a message", row.get("frames_out"))
        if not row["local"].endswith(f":{shard.port}"):
            yield (f"{shard.name} {where}", "local", f"port {shard.port}", row["local"])
    for where, left in got.items():
        yield (f"{shard.name} {where}", "rows", 0, len(left))


def exactly(count: int) -> tuple[int, int]:
    return count, count


def total_differences(shard: Shard, links, samples):
    counted = [s for s in samples if s.name == "fanfare_messages_total"]
    due = {
        ("out", "event"): exactly(sum(link.events_out for link in links)),
        ("in", "event"): exactly(sum(link.events_in for link in links)),
        ("out", "control"): exactly(sum(link.control_out for link in links)),
        ("in", "control"): tuple(map(sum, zip(*(link.control_in for link in links)))),
    }
    for (direction, kind), (least, most) in due.items():
        got = sum(s.value for s in counted if shard.owns(s.labels["shard"])
                  and (s.labels["direction"], s.labels["class"]) == (direction, kind))
        if not least <= got <= most:
            expected = least if least == most else f"{least}..{most}"
            yield (shard.name, f"messages_total {direction} {kind}", expected, int(got))


def fate_differences(samples, owns):
    """written = acked + lost + in flight, by class, for the shards that `owns` names."""
    def total(metric, **labels):
        return int(sum(s.value for s in samples
                       if s.name == f"fanfare_{metric}" and owns(s.labels.get("shard", ""))
                       and all(s.labels.get(key) == value for key, value in labels.items())))

    kinds = {"event": ("event",), "other": ("heartbeat", "control", "other")}
    for fate, classes in kinds.items():
        written = sum(total("messages_total", direction="out", role="client", **{"class": kind})
                      for kind in classes)
        known = sum(total(metric, **{"class": fate}) for metric in (
            "messages_acked_total", "messages_lost_total", "messages_in_flight"))
        if written != known:
            yield ("fates", f"{fate}: acked + lost + in flight", written, known)
    if error := total("bookkeeping_error"):
        yield ("fates", "bookkeeping_error", 0, error)


def stray_differences(shards, samples):
    """Messages at our ports that a shard of another name has counted too."""
    ports = {shard.port for shard in shards}
    for sample in samples:
        name = sample.labels.get("shard", "")
        port = name.partition("@")[0].rpartition(":")[2]
        ours = port.isdigit() and int(port) in ports
        if (sample.name == "fanfare_messages_total" and ours and sample.value
                and not any(shard.owns(name) for shard in shards)):
            yield (name, "messages_total", 0, int(sample.value))


def loss_differences(samples):
    losses = [s for s in samples if s.name == "fanfare_capture_losses_total"]
    if not losses:
        yield ("capture_losses_total", "series", "some", 0)
    for sample in losses:
        if sample.value:
            yield ("capture_losses_total", sample.labels.get("reason"), 0, int(sample.value))


class Judge:
    def __init__(self, agent, running):
        self._agent = agent
        server = Shard(f"{running.server.comm}:{running.port}", running.port, "peer")
        proxy = Shard(f"{running.proxy}:{running.front}", running.front, "client")
        self._shards = [server, proxy] if running.front else [server]

    def check(self, links) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while differences := self._differences(links):
            if time.monotonic() > deadline:
                count = sum(link.open for link in links)
                raise Failure(f"with {count} sockets open the agent differs from the truth:\n  "
                              + table(differences))
            time.sleep(0.2)

    def _differences(self, links) -> list:
        rows, samples = self._agent.sockets(), self._agent.metrics()
        found = [*loss_differences(samples), *stray_differences(self._shards, samples)]
        found += fate_differences(samples, lambda name: any(s.owns(name) for s in self._shards))
        for shard in self._shards:
            found += total_differences(shard, links, samples)
            found += socket_differences(shard, links, rows)
        return found
