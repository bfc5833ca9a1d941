#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A capture of live traffic, replayed, gives for each socket what the live agent has counted; and so
does the agent's own recording.

A server and its clients talk on the loopback of a network namespace of their own, in a cgroup of
their own; tcpdump records there while a real agent counts. Needs root and tcpdump.
usage: replay_test.py FANFARE [unittest's arguments]
"""
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))
from agent import Agent  # pylint: disable=wrong-import-position
import pcap  # pylint: disable=wrong-import-position
from cgroups import Cgroups, inside  # pylint: disable=wrong-import-position

CHAT, RAFT = 8080, 7000
CONFIG = f"""
node: replay
shards:
  - name: chat
    match: {{listen_ports: [{CHAT}]}}
    replication: {{protocol: hashicorp-raft, ports: [{RAFT}]}}
"""
COUNTS = ("protocol", "state", "role", "events_out", "control_out", "frames_out", "bytes_out",
          "events_in", "control_in", "frames_in", "bytes_in", "rpcs_out", "rpcs_in",
          "entries_out", "entries_in")
CLIENTS, ROUNDS = 6, 40


# -- inside the namespace ---------------------------------------------------------------------------

def frame(opcode: int, payload: bytes, masked: bool, fin: bool = True) -> bytes:
    size, mask = len(payload), 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | opcode])
    if size < 126:
        head += bytes([mask | size])
    elif size < 65536:
        head += bytes([mask | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = random.randbytes(4)
    return head + key + bytes(map(int.__xor__, payload, itertools.cycle(key)))


def message(masked: bool) -> bytes:
    """One message in one to three frames, a ping before one in five."""
    size = random.choice((0, 5, 200, 200, 200, 5000)) if masked else random.choice(
        (0, 5, 125, 126, 200, 200, 3000, 70000))
    parts = [random.randbytes(size) for _ in range(random.choice((1, 1, 1, 3)))]
    bytes_out = frame(9, b"beat", masked) if random.random() < 0.2 else b""
    for i, part in enumerate(parts):
        bytes_out += frame(2 if i == 0 else 0, part, masked, i == len(parts) - 1)
    return bytes_out


def drain(sock: socket.socket) -> None:
    sock.setblocking(False)
    try:
        while sock.recv(1 << 20):
            pass
    except BlockingIOError:
        pass
    sock.setblocking(True)


def connect(family: int, host: str, port: int):
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    while True:
        client = socket.create_connection(listener.getsockname()[:2])
        yield client, listener.accept()[0]


def raft(pair) -> None:
    captures = HERE.parent / "captures"
    told = json.loads((captures / "hashicorp-raft-1.8.0.json").read_text())
    for sock, other, written in ((pair[0], pair[1], told[0]), (pair[1], pair[0], told[1])):
        stream = (captures / written["file"]).read_bytes()
        for size in written["writes"]:
            sock.sendall(stream[:size])
            stream = stream[size:]
            drain(other)


def chat(pairs) -> None:
    for client, server in pairs:
        client.sendall(b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
        server.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       b"Connection: Upgrade\r\n\r\n")
    for _ in range(ROUNDS):
        for client, server in pairs:
            stream = b"".join(message(False) for _ in range(random.choice((1, 1, 4))))
            while stream:
                size = random.randrange(1, 30000)
                server.sendall(stream[:size])
                stream = stream[size:]
                drain(client)
            client.sendall(message(True))
            drain(server)
        time.sleep(0.02)


def talk(capture: str) -> None:
    """Says what has happened, a line each; goes on at each line from outside."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Large enough that no packet is dropped: what is compared is the counting.
    with subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-U", "-Z", "root",
                           "-w", capture, f"tcp or {pcap.FILTER}"], stderr=subprocess.PIPE, text=True) as dump:
        while "listening on" not in dump.stderr.readline():
            pass
        random.seed(4)
        v4, v6 = connect(socket.AF_INET, "127.0.0.1", CHAT), connect(socket.AF_INET6, "::1", CHAT)
        nodes = connect(socket.AF_INET, "127.0.0.1", RAFT)
        pairs = [next(v6 if i % 2 else v4) for i in range(CLIENTS)]
        chat(pairs)
        between = next(nodes)
        raft(between)
        pcap.await_all(pathlib.Path(capture))
        dump.send_signal(signal.SIGINT)
        print(json.dumps({"tcpdump": dump.stderr.read()}), flush=True)
    sys.stdin.readline()
    for pair in (*pairs, between):
        for sock in pair:
            sock.close()
    print("{}", flush=True)
    sys.stdin.readline()


# -- outside ----------------------------------------------------------------------------------------

def by_ends(rows) -> dict:
    return {(row["local"], row["remote"]): {key: row[key] for key in COUNTS} for row in rows}


class Replay(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="fanfare-replay-test-")
        self.addCleanup(directory.cleanup)
        self.room = pathlib.Path(directory.name)

    def replay(self, path) -> dict:
        done = subprocess.run([FANFARE, "replay", path, "-o", "json", "--config",
                               self.room / "agent.yaml"], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def step(self, traffic) -> dict:
        line = traffic.stdout.readline()
        self.assertTrue(line, "the traffic has ended before its time")
        return json.loads(line)

    def test_a_capture_and_a_recording_count_as_the_live_agent_did(self):
        capture, recording = self.room / "chat.pcap", self.room / "recording"
        with Cgroups("replay", ["chat"]) as cgroups:
            with Agent(FANFARE, self.room, CONFIG, cgroup=cgroups.paths["chat"],
                       flags=("--record", recording)) as agent:
                argv = ["unshare", "--net", sys.executable, __file__, "--talk", capture]
                with subprocess.Popen(inside(cgroups.paths["chat"], argv), text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE) as traffic:
                    told = self.step(traffic)
                    self.assertIn("\n0 packets dropped by kernel", told["tcpdump"])
                    time.sleep(2.5)  # two ticks
                    live = by_ends(agent.sockets())
                    losses = {s.labels["reason"]: s.value for s in agent.metrics()
                              if s.name == "fanfare_capture_losses_total" and s.value}
                    print("go on", file=traffic.stdin, flush=True)
                    self.step(traffic)
                    time.sleep(2.5)
                    print("end", file=traffic.stdin, flush=True)
                self.assertEqual(traffic.returncode, 0)
        self.assertEqual(losses, {})
        self.assertEqual(len(live), CLIENTS + 2, "each client's socket, and both of the nodes'")
        self.assertTrue(all(row["state"] == "synced" for row in live.values()), live)
        replayed = self.replay(capture)
        self.assertEqual(by_ends(replayed["flows"]), live)
        self.assertEqual(replayed["losses"], {})
        recorded = self.replay(recording)
        self.assertEqual(by_ends(recorded["flows"]), live)
        self.assertEqual(recorded["losses"], {})
        self.assertFalse(any(row["open"] for row in recorded["flows"]))


if __name__ == "__main__":
    if sys.argv[1] == "--talk":
        talk(sys.argv[2])
        sys.exit(0)
    missing = "needs root" if os.geteuid() else "" if shutil.which("tcpdump") else "needs tcpdump"
    if missing:
        print(f"skipped: replay_test {missing}", file=sys.stderr)
        sys.exit(77)
    FANFARE = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
