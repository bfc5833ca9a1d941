# SPDX-License-Identifier: Apache-2.0
"""What the three nodes go through. `checkpoint(leader, last index)` is called while all requests
are held back and everything sent has been received: the counts stand still.

Not here: any judgement of the agents. That each step did what it is there for is checked here.
"""
import time

from processes import Failure
from raft_cluster import ADDRESSES

MIB = 1 << 20
IDLE_SECONDS = 0.5  # heartbeats and empty appends: every follower has answered to the last index


def demand(what: str, expected, got) -> None:
    if expected != got:
        raise Failure(f"{what}: {expected} are due, got {got}")


def total(cluster, what: str) -> int:
    return sum(one.counts[what] for one in cluster.received().values())


def apply(cluster, names=tuple(ADDRESSES), **what) -> str:
    """On whoever leads; back when all have applied it."""
    leader = cluster.await_leader(names)
    cluster.nodes[leader].ask("apply", **what)
    cluster.await_level(names)
    return leader


def first_term(cluster) -> None:
    """One leader, so that the log's own length tells what each follower has received."""
    leader = apply(cluster, count=200, size=40)
    index = cluster.await_level()
    for name, report in cluster.reports().items():
        demand(f"commands applied by node {name}", 200, report["applied"])
        if name != leader:
            got = cluster.received()[leader, name]
            demand(f"entries to node {name} by its log", index - 1, got.counts["entries"])
            demand(f"commands to node {name}", 200, got.counts["commands"])
            demand(f"last index at node {name}", index, got.last_index)


def leadership_transfer(cluster) -> None:
    before = total(cluster, "other")
    leader = cluster.await_leader()
    cluster.nodes[leader].ask("transfer")
    if cluster.await_leader() == leader:
        raise Failure("leadership was not handed over")
    demand("TimeoutNow", 1, total(cluster, "other") - before)
    apply(cluster, count=50, size=300)


def thousand_in_one(cluster) -> None:
    cluster.nodes[cluster.await_leader()].ask("pile", count=2100, size=8)
    cluster.await_level()
    largest = max(one.largest for one in cluster.received().values())
    if largest < 1000:
        raise Failure(f"the largest append has {largest} entries, 1000 are due")


def follower_restart(cluster) -> None:
    """Under requests of the others, with the log it had."""
    leader = cluster.await_leader()
    follower = next(name for name in ADDRESSES if name != leader)
    cluster.freeze()
    cluster.nodes[follower].ask("restart")
    cluster.thaw()
    apply(cluster, count=20, size=100)


def leader_killed(cluster) -> None:
    """Its process is gone without a word; later one comes that has nothing."""
    leader = cluster.await_leader()
    others = tuple(name for name in ADDRESSES if name != leader)
    cluster.freeze()
    cluster.kill(leader)
    for name in others:
        cluster.nodes[name].ask("thaw")
    apply(cluster, others, count=30, size=100)
    cluster.spawn(leader)
    apply(cluster, count=10, size=100)


def snapshot(cluster) -> None:
    """A follower that has nothing, and a leader that has not kept its log."""
    before = total(cluster, "snapshot")
    leader = cluster.await_leader()
    follower = next(name for name in ADDRESSES if name != leader)
    cluster.nodes[leader].ask("snapshot")
    cluster.freeze()
    cluster.nodes[follower].ask("empty")
    cluster.thaw()
    cluster.await_leader()
    cluster.await_level()
    if total(cluster, "snapshot") == before:
        raise Failure("no snapshot was installed")
    apply(cluster, count=10, size=100)


STEPS = {
    "200 applies": first_term,
    "leadership transfer": leadership_transfer,
    "1,000 entries in one append": thousand_in_one,
    "1 MiB appends": lambda cluster: apply(cluster, count=5, size=MIB),
    "follower restart": follower_restart,
    "leader killed": leader_killed,
    "snapshot to an emptied follower": snapshot,
}


def judged(cluster, checkpoint) -> None:
    leader, index = cluster.await_leader(), cluster.await_level()
    time.sleep(IDLE_SECONDS)
    cluster.freeze()
    checkpoint(leader, index)
    cluster.thaw()


def play(cluster, checkpoint) -> None:
    cluster.bootstrap()
    for name, step in STEPS.items():
        try:
            step(cluster)
            judged(cluster, checkpoint)
        except Failure as failure:
            raise Failure(f"{name}: {failure}") from None
