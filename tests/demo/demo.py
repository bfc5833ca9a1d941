#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real chat server and real clients on loopback, the agent beside them, and its counts moving.

In a terminal: a screen a second until Ctrl-C. Without one: a few tables, then exit 0.
Ends with the comparison that matters: what the server sent against what the agent counted.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
NODE = HERE.parent / "peers" / "node"
sys.path.insert(0, str(HERE.parent / "peers"))

from processes import Failure, JsonProcess, free_port, last_words, spawn, stop  # noqa: E402

CLIENTS = 20
ROUNDS_WITHOUT_TERMINAL = 4
MESSAGES_A_ROUND = 20
READY_SECONDS = 30
SETTLE_SECONDS = 10


def install(work: pathlib.Path) -> None:
    """The `ws` library, pinned by the lock file; quick when it is there."""
    work.mkdir(parents=True, exist_ok=True)
    for file in list(NODE.glob("*.js")) + list(NODE.glob("package*.json")):
        shutil.copy(file, work)
    if not (work / "node_modules" / "ws").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=work, check=True)


class Demo:
    def __init__(self, fanfare, admin, server, clients):
        self.fanfare, self.admin, self.server, self.clients = fanfare, admin, server, clients

    def show(self, *words) -> None:
        print(f"\n$ fanfare {' '.join(words)}", flush=True)
        subprocess.run([self.fanfare, *words, "--admin", self.admin], check=False)

    def counted(self, shard: str) -> int:
        done = subprocess.run(
            [self.fanfare, "shards", "-o", "json", "--shard", shard, "--admin", self.admin],
            capture_output=True, text=True, check=True)
        return sum(row["events_out"] for row in json.loads(done.stdout))

    def sent(self) -> int:
        return sum(client["sent"] for client in self.server.ask("report")["clients"])

    def round(self) -> None:
        sizes = [40 + 37 * i for i in range(MESSAGES_A_ROUND)]
        self.server.ask("broadcast", sizes=sizes, pause_ms=1000 // MESSAGES_A_ROUND)

    def verdict(self, shard: str) -> bool:
        sent, deadline = self.sent(), time.monotonic() + SETTLE_SECONDS
        while (counted := self.counted(shard)) != sent and time.monotonic() < deadline:
            time.sleep(0.3)
        word = "equal to the last message" if counted == sent else "NOT EQUAL"
        print(f"\nthe server says it sent {sent:,} messages; the agent counted {counted:,}: {word}")
        return counted == sent


def await_agent(process, log, fanfare, admin) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if subprocess.run([fanfare, "status", "--admin", admin], capture_output=True,
                          check=False).returncode in (0, 1):
            return
        time.sleep(0.2)
    raise Failure(f"the agent did not start: {last_words(log)}")


def play(demo: Demo, shard: str) -> bool:
    live = sys.stdout.isatty()
    stopping = threading.Event()  # a round is never cut in two: its answers would be mixed up
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    rounds = 0
    while not stopping.is_set() and (live or rounds < ROUNDS_WITHOUT_TERMINAL):
        demo.round()
        rounds += 1
        if live:
            print("\033[H\033[2J", end="")
            demo.show("status")
            demo.show("sockets", "--limit", "8")
            print("\nCtrl-C ends the demo", flush=True)
        else:
            demo.show("shards")
    if not live:
        demo.show("sockets", "--limit", "5")
        demo.show("status")
    return demo.verdict(shard)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fanfare", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    options = parser.parse_args()
    fanfare, work = options.fanfare.resolve(), options.work.resolve()
    if os.geteuid() != 0:
        print("the demo loads kernel programs: run it as root", file=sys.stderr)
        return 4
    install(work)
    with tempfile.TemporaryDirectory(prefix="fanfare-demo-") as private:
        admin, log = f"{private}/admin.sock", work / "agent.log"
        agent = spawn([fanfare, "agent", "--listen", f"127.0.0.1:{free_port()}", "--admin", admin],
                      log, stdout=subprocess.DEVNULL)
        try:
            await_agent(agent, log, fanfare, admin)
            with JsonProcess("server", ["node", work / "server.js", "plain", "127.0.0.1"],
                             work / "server.log") as server:
                port = server.hear()["port"]
                with JsonProcess("clients", ["node", work / "clients.js", "plain",
                                             f"ws://127.0.0.1:{port}"],
                                 work / "clients.log") as clients:
                    clients.ask("connect", count=CLIENTS)
                    time.sleep(1.5)  # a tick or two: the agent has met the server
                    demo = Demo(fanfare, admin, server, clients)
                    return 0 if play(demo, f"{server.comm}:{port}") else 1
        finally:
            stop(agent)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"demo: {failure}", file=sys.stderr)
        sys.exit(1)
