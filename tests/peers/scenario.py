# SPDX-License-Identifier: Apache-2.0
"""What every peer goes through: clients come and go in order while messages of all sizes fly.

Not here: any judgement. `checkpoint` is called with the settled truth, first while the first
hundred are open, then with the second hundred, last when all have gone.
"""
import random

import truth
from processes import Failure

# On both sides of every length field of RFC 6455 and of the usual 4096-byte buffers.
SIZES = (0, 1, 50, 125, 126, 200, 4095, 4096, 5000, 65535, 65536, 70000)
WEIGHTS = (30, 50, 320, 140, 120, 300, 10, 10, 10, 1, 1, 1)  # mostly small, as chat is
MESSAGES_MIN = 100_000


def mix(count: int, seed: int) -> list[int]:
    """Sizes to send. Servers send even places as text, odd ones as binary: each size as both."""
    every = [size for size in SIZES for _ in range(2)]
    return every + random.Random(seed).choices(SIZES, WEIGHTS, k=count - len(every))


def together(*commands) -> None:
    """Commands to several processes at once: what they do overlaps."""
    for process, do, arguments in commands:
        process.tell(do, **arguments)
    for process, _, _ in commands:
        process.hear()


def play(running, checkpoint) -> None:
    server, clients = running.server, running.clients
    clients.ask("connect", count=50)
    server.ask("broadcast", sizes=mix(300, seed=1))  # a burst
    together((server, "broadcast", {"sizes": mix(150, seed=2), "pause_ms": 2}),
             (clients, "connect", {"count": 50}))  # some come while it runs
    together((server, "broadcast", {"sizes": mix(300, seed=3), "pause_ms": 2}),
             (clients, "publish", {"sizes": mix(40, seed=4)}),
             (clients, "ping", {}))
    checkpoint(truth.settle(running, 100))

    clients.ask("close", count=30)
    truth.settle(running, 70)
    together((server, "broadcast", {"sizes": mix(300, seed=5)}),
             (server, "close", {"count": 10}))  # the close right behind the burst
    truth.settle(running, 60)
    clients.ask("connect", count=40)
    together((server, "broadcast", {"sizes": mix(300, seed=6), "pause_ms": 1}),
             (clients, "publish", {"sizes": mix(30, seed=7)}))
    checkpoint(truth.settle(running, 100))

    clients.ask("close", count=100)
    links = truth.settle(running, 0)
    sent = sum(link.events_out for link in links)
    if sent < MESSAGES_MIN:
        raise Failure(f"only {sent} messages were sent, {MESSAGES_MIN} are due")
    checkpoint(links)
