# SPDX-License-Identifier: Apache-2.0
"""The demand: for each pair of nodes, what the sender's agent counted out and the receiver's agent
counted in both equal what the receiver's library has decoded; by `peers` and by the metrics.

The agents look once a second, so a question is asked again until the answer is right or time is up.
"""
import itertools
import time

from processes import Failure
from raft_cluster import ADDRESSES, KINDS, UNNAMED
from verdict import ANSWER_SECONDS, loss_differences, table

PAIRS = tuple(itertools.permutations(ADDRESSES, 2))
NAMED = tuple(kind for kind in KINDS if kind != "other")  # 1.1.2's TimeoutNow names no sender


def peer_counts(rows: dict, node: str, peer: str, direction: str) -> dict:
    """What the agent of `node` says of its peer; {} without a row, which then is a difference."""
    for row in rows[node]:
        if row["peer"] == peer:
            return {**row[f"rpcs_{direction}"], "entries": row[f"entries_{direction}"],
                    "commands": row[f"commands_{direction}"]}
    return {}


def metric_counts(samples: dict, node: str, src: str, dst: str, direction: str) -> dict:
    wanted = {"direction": direction, "src": src, "dst": dst, "protocol": "hashicorp-raft"}
    mine = [s for s in samples[node] if wanted.items() <= s.labels.items()]
    counts = {s.labels["kind"]: s.value for s in mine if s.name == "fanfare_replication_rpcs_total"}
    for sample in mine:
        if sample.name == "fanfare_replication_entries_total":
            counts["entries"] = sample.value
    return counts


def pair_differences(received: dict, rows: dict, samples: dict):
    for src, dst in PAIRS:
        truth = received[src, dst]
        for node, peer, direction in ((src, dst, "out"), (dst, src, "in")):
            where = f"{src}->{dst} at {node}"
            by_peers = peer_counts(rows, node, peer, direction)
            by_metrics = metric_counts(samples, node, src, dst, direction)
            for what in (*NAMED, "entries", "commands"):
                if by_peers.get(what, 0) != truth.counts[what]:
                    yield where, what, truth.counts[what], by_peers.get(what)
            for what in (*NAMED, "entries"):
                if by_metrics.get(what, 0) != truth.counts[what]:
                    yield where, f"metric {what}", truth.counts[what], by_metrics.get(what)


def other_differences(received: dict, rows: dict):
    """By receiver: the sum over its senders."""
    for dst in ADDRESSES:
        senders = [src for src in ADDRESSES if src != dst]
        truth = sum(received[src, dst].counts["other"] for src in (*senders, UNNAMED))
        out = sum(peer_counts(rows, src, dst, "out").get("other", 0) for src in senders)
        into = sum(peer_counts(rows, dst, src, "in").get("other", 0) for src in senders)
        for where, got in ((f"to {dst} at its senders", out), (f"to {dst} at {dst}", into)):
            if got != truth:
                yield where, "other", truth, got


def answer_differences(rows: dict):
    """Never more than requests; fewer where who asked hung up before he had his answer."""
    for node, peers in rows.items():
        for row in peers:
            for requests, answers in (("rpcs_out", "answers_in"), ("rpcs_in", "answers_out")):
                most = sum(row[requests].values())
                if row[answers] > most or not row[answers] and most:
                    yield f"{row['peer']} at {node}", answers, f"1..{most}", row[answers]


def index_differences(leader: str, index: int, rows: dict):
    """How far the log has got: sent by the leader, received and answered by each follower."""
    for node, peers in rows.items():
        for row in peers:
            due = {}
            if node == leader:
                due = {"sent_index": index, "confirmed_index": index, "behind": 0}
            elif row["peer"] == leader:
                due = {"received_index": index}
            for what, value in due.items():
                if row[what] != value:
                    yield f"{row['peer']} at {node}", what, value, row[what]


def socket_differences(sockets: dict):
    for node, rows in sockets.items():
        if not rows:
            yield f"sockets at {node}", "rows", "some", 0
        for row in rows:
            got = row["role"], row["protocol"], row["state"]
            if got != ("replication", "hashicorp-raft", "synced"):
                yield f"{row['local']} {row['remote']}", "socket", "synced", " ".join(map(str, got))


def differences(cluster, leader: str, index: int) -> list:
    agents, received = cluster.agents, cluster.received()
    rows = {name: agent.peers() for name, agent in agents.items()}
    samples = {name: agent.metrics() for name, agent in agents.items()}
    return [*itertools.chain.from_iterable(map(loss_differences, samples.values())),
            *pair_differences(received, rows, samples), *other_differences(received, rows),
            *answer_differences(rows), *index_differences(leader, index, rows),
            *socket_differences({name: agent.sockets() for name, agent in agents.items()})]


def check(cluster, leader: str, index: int) -> None:
    """Asks until all is equal; Failure with the differences when time is up."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while found := differences(cluster, leader, index):
        if time.monotonic() > deadline:
            raise Failure("the agents differ from the truth:\n  " + table(found))
        time.sleep(0.2)
