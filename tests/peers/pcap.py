# SPDX-License-Identifier: Apache-2.0
"""What passed on the loopback, recorded by tcpdump while the agent counts: replayed, the capture must
give the live counts. Needs CAP_NET_RAW.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from processes import Failure, last_words, spawn, stop

READY_SECONDS = 60
MARK = ("127.0.0.1", 9)  # a datagram to it is the last that is recorded; FILTER lets it in
FILTER = "udp port 9"
CLASSES = {"event": "events", "heartbeat": "heartbeats", "control": "control", "other": "other"}
ACKED = ("out", "acked events")


def await_all(capture: pathlib.Path) -> None:
    """What has passed is in the file: on a busy machine tcpdump reads late, and at its end not at all."""
    mark, deadline = os.urandom(32), time.monotonic() + READY_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while mark not in capture.read_bytes():
            if time.monotonic() > deadline:
                raise Failure(f"tcpdump has not recorded everything after {READY_SECONDS} s")
            sender.sendto(mark, MARK)
            time.sleep(0.2)


class Recording:
    def __init__(self, port: int, directory: pathlib.Path):
        self.file, self._log = directory / "capture.pcap", directory / "tcpdump.log"
        self._port = port

    def __enter__(self):
        self._process = spawn(["tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-U", "-w",
                               self.file, f"tcp port {self._port} or {FILTER}"], self._log)
        deadline = time.monotonic() + READY_SECONDS
        while "listening on" not in self._log.read_text(encoding="utf-8"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                stop(self._process)
                raise Failure(f"tcpdump does not record: {last_words(self._log)}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        stop(self._process)

    def end(self) -> None:
        """Everything that has passed is in the file, or Failure."""
        await_all(self.file)
        self._process.send_signal(signal.SIGINT)
        self._process.wait(READY_SECONDS)
        said = self._log.read_text(encoding="utf-8")
        dropped = re.search(r"(\d+) packets? dropped by kernel", said)
        if not dropped or int(dropped[1]):
            raise Failure(f"tcpdump has not recorded everything: {said[-200:]}")


def replayed(fanfare: pathlib.Path, recording: Recording, config: pathlib.Path) -> dict:
    """Messages by (direction, class), of all flows."""
    done = subprocess.run([fanfare, "replay", recording.file, "--config", config, "-o", "json"],
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise Failure(f"replay exits with {done.returncode}: {done.stderr[-300:]}")
    flows = json.loads(done.stdout)["flows"]
    counts = {(way, kind): sum(flow[f"{key}_{way}"] or 0 for flow in flows)
              for way in ("out", "in") for kind, key in CLASSES.items()}
    return counts | {ACKED: sum(flow["acked"] or 0 for flow in flows)}


def counted(agent) -> dict:
    samples = agent.metrics()

    def total(metric, **labels):
        return int(sum(s.value for s in samples if s.name == f"fanfare_{metric}" and
                       all(s.labels.get(key) == value for key, value in labels.items())))

    counts = {(way, kind): total("messages_total", direction=way, **{"class": kind})
              for way in ("out", "in") for kind in CLASSES}
    return counts | {ACKED: total("messages_acked_total", **{"class": "event"})}


def check(fanfare: pathlib.Path, recording: Recording, agent, unseen_closes: int = 0) -> None:
    """After the last connection has closed: both have counted all that there was. Up to
    `unseen_closes` close frames from clients are in the capture only: they met a socket that the
    server had left already.
    """
    recording.end()
    live, again = counted(agent), replayed(fanfare, recording, agent.config)
    spare = {("in", "control"): unseen_closes}
    differences = [f"{way} {kind}: live {live[way, kind]}, replayed {again[way, kind]}"
                   for way, kind in live
                   if not 0 <= again[way, kind] - live[way, kind] <= spare.get((way, kind), 0)]
    if differences:
        raise Failure("the capture, replayed, differs: " + "; ".join(differences))
