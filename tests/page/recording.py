# SPDX-License-Identifier: Apache-2.0
"""What the dashboards' pictures show: two chat shards on three hosts, one of which has an outage.

A recording is a directory: Prometheus' store, and marks.json with the moments of MARKS, in seconds since 1970.
"""
import json
import pathlib
import time

from harness import Cluster, Load
from rules_scenarios import FAST, watched

SECOND = "chat-2"
LEARN_SECONDS = 240
SPACING_SECONDS = 15  # between the nodes of a roll-out
OUTAGE_SECONDS = 75  # with the bad build everywhere
WELL_SECONDS = 150  # after the roll-back
ONE_NODE_SECONDS = 90
MARKS = ("healthy", "outage", "one_node")


def play(cluster: Cluster) -> dict:
    """The roll-out of a bad build and its end, then one node that is ill by itself: the marks."""
    marks = {}
    time.sleep(LEARN_SECONDS)
    marks["healthy"] = time.time()
    for node in cluster.nodes.values():
        node.restart("drop_remote")
        time.sleep(SPACING_SECONDS)
    time.sleep(OUTAGE_SECONDS)
    marks["outage"] = time.time()
    for node in cluster.nodes.values():
        node.restart()
    time.sleep(WELL_SECONDS)
    ill = next(name for name in cluster.nodes if name != cluster.leader())
    cluster.nodes[ill].switch("drop_percent=60")
    time.sleep(ONE_NODE_SECONDS)
    marks["one_node"] = time.time()
    return marks


def record(fanfare: pathlib.Path, work: pathlib.Path, logs: pathlib.Path, directory: pathlib.Path) -> None:
    """Eleven minutes. `directory` must not be there yet."""
    directory.mkdir(parents=True)
    with Cluster(fanfare, work, logs, Load()) as cluster:
        cluster.second_shard(SECOND)
        with watched(cluster, FAST) as prometheus:
            marks = play(cluster)
            prometheus.keep(directory / "tsdb")
    (directory / "marks.json").write_text(json.dumps(marks), encoding="utf-8")
