# SPDX-License-Identifier: Apache-2.0
"""The README's pictures of the page: a chat shard, one node of which has lost its way to clients."""
import pathlib
import time

from live import url_of

HEALTHY_SECONDS, FAULT_SECONDS = 240, 45
LOOKS = {"page.png": (1280, 900, False), "page-dark.png": (1280, 900, True), "page-400.png": (400, 800, False)}


def take(cluster, browser, directory: pathlib.Path) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    leader = cluster.leader()
    browser.ask("open", url=url_of(cluster, leader))
    end = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < end:
        cluster.agents[leader].metrics()  # as Prometheus would
        time.sleep(15)
    cluster.nodes[leader].switch("drop_percent=70")
    time.sleep(FAULT_SECONDS)
    cluster.agents[leader].metrics()
    for name, (width, height, dark) in LOOKS.items():
        browser.ask("look", width=width, height=height, dark=dark)
        time.sleep(2)  # the next tick paints the plots
        browser.ask("picture", file=str(directory.resolve() / name), whole=True)
        print(f"{directory / name}", flush=True)
    return 0
