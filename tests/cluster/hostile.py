# SPDX-License-Identifier: Apache-2.0
"""Those who mean harm, or are only in the wrong place, while a bad build is rolled out.

Each second and on each node one client upgrades and sends a frame with a reserved opcode, and one
prober asks the replication port for a page. Neither may put off what the others' loss has to say.
"""
import socket
import threading
import time

from harness import Cluster
from node import CLIENTS, RAFT
from scenarios import (LEARN_WELL_SECONDS, REACH, SPACING_SECONDS, Scenario, Verdict, expect_page,
                       learn, loss)

PAGE_SECONDS = 12
ANSWER_SECONDS = 5
QUIET_SECONDS = 3  # a few ticks: what the hostile did is in every figure then
UPGRADE = ("GET /ws?user=nobody HTTP/1.1\r\nHost: chat\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
RESERVED = bytes([0x83, 0x81, 1, 2, 3, 4, 0x79])  # opcode 3, masked, one byte
PROBE = b"GET /health HTTP/1.1\r\nHost: node\r\n\r\n"


def bad_client(address: str) -> None:
    """Is upgraded, and then says what no WebSocket says."""
    with socket.create_connection((address, CLIENTS), ANSWER_SECONDS) as client:
        client.sendall(UPGRADE.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(4096)
            if not more:
                return
            head += more
        client.sendall(RESERVED)
        while client.recv(4096):  # the server closes
            pass


def bad_peer(address: str) -> None:
    with socket.create_connection((address, RAFT), ANSWER_SECONDS) as prober:
        prober.sendall(PROBE)
        prober.settimeout(0.2)
        prober.recv(4096)


class Hostile:
    """Use as a context: a thread for each node, once a second; a node that restarts refuses them."""

    def __init__(self, cluster: Cluster):
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._play, args=(node.host.address,), daemon=True)
                         for node in cluster.nodes.values()]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _play(self, address: str) -> None:
        while not self._over.wait(1):
            for act in (bad_client, bad_peer):
                try:
                    act(address)
                except OSError:
                    pass


def total(agent, name: str, **labels: str) -> int:
    """Of the whole agent, all shards."""
    return int(sum(s.value for s in agent.metrics()
                   if s.name == f"fanfare_{name}" and labels.items() <= s.labels.items()))


def expect_named(cluster: Cluster, verdict: Verdict) -> None:
    """Both are told by name, of this shard, and of what it sends nothing is missing. Nobody sends
    anything of the kind any more: figures of two answers are the same."""
    for name, agent in cluster.agents.items():
        frames = total(agent, "capture_losses_total", reason="bad_frame")
        strangers = total(agent, "capture_losses_total", reason="not_a_peer")
        verdict.expect(frames > 20 and strangers > 20,
                       f"{name}: {frames} bad frames and {strangers} strangers are named")
        verdict.equal(f"{name}: lost on the way out", 0,
                      int(agent.value("shard_losses_total", direction="out")))
        verdict.equal(f"{name}: lost on the way in", frames,
                      int(agent.value("shard_losses_total", direction="in")))
        verdict.equal(f"{name}: strangers", strangers, agent.shard()["losses"]["strangers"])


def hostile_outage(cluster: Cluster, verdict: Verdict) -> None:
    """A bad build goes from node to node beside bad clients and a bad peer: pages as without them."""
    with Hostile(cluster):
        learn(cluster, verdict, LEARN_WELL_SECONDS)
        blind = [a for agent in cluster.agents.values() for a in agent.alerts()
                 if a["alertname"] == "FanfareBlind"]
        verdict.equal("agents that cannot see", [], blind)
        began = time.time()
        for name, node in cluster.nodes.items():
            node.restart("drop_remote")
            page = expect_page(cluster, verdict, REACH, name, node.started, PAGE_SECONDS)
            if page:
                verdict.equal(f"{name}: the step it names", "broadcast", page.labels.get("step"))
            time.sleep(max(0, node.started + SPACING_SECONDS - time.monotonic()))
        for name, counts in cluster.truth(began, time.time()).items():
            verdict.say(f"  {name}: {loss(counts):.1f} % lost, by the clients")
    time.sleep(QUIET_SECONDS)
    expect_named(cluster, verdict)


SCENARIOS = {"hostile_outage": Scenario(hostile_outage)}
