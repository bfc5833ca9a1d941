#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts of the agent by class against servers of MQTT over TCP: clients of MQTT.js count packet by
packet, mosquitto_sub and mosquitto_pub lines. What tcpdump saw of it, replayed, gives the same.

usage: mqtt_run.py [NAME...] --fanfare PATH --work DIR
DIR is the one that sub_setup.sh filled; logs are left in DIR/run/mqtt-NAME. Needs root.
"""
import argparse
import contextlib
import dataclasses
import pathlib
import shutil
import subprocess
import sys
import time

import outer
import pcap
import sub_rabbitmq
import truth
import verdict
from agent import Agent
from cgroups import Cgroups
from processes import Failure, free_port
from sub_servers import Place, configured

SHARD = "room"
CONFIG = """node: peers
cluster: peers
shards:
  - name: {shard}
    match: {{listen_ports: [{port}]}}
    clients: {{protocol: mqtt}}
"""
MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
user root
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
"""


@dataclasses.dataclass(frozen=True)
class Server:
    start: object  # Place -> None
    versions: tuple = (4, 5)  # 4 is 3.1.1
    qualities: int = 3  # of service: RabbitMQ has no "exactly once"


SERVERS = {
    "mosquitto": Server(configured("mosquitto", MOSQUITTO, "-c", "{config}")),
    "rabbitmq": Server(sub_rabbitmq.start_mqtt, versions=(4,), qualities=2),
}
# On both sides of one, two and three bytes of length, and of 4096-byte buffers.
SIZES = (0, 1, 100, 119, 120, 127, 300, 4096, 16370, 16384, 70000)
KINDS = ("event", "heartbeat", "control", "other")
WAYS = ("out", "in")
SETTLE_SECONDS = 60
ANSWER_SECONDS = 60


class Room:
    """The clients of MQTT.js, with what each must have been given, and what others did beside them."""

    def __init__(self, clients):
        self._clients = clients
        self._due = []
        self.beside = {(way, kind): 0 for way in WAYS for kind in KINDS}

    def report(self):
        return self._clients.ask("report")["clients"]

    def play(self, do: str, **arguments) -> None:
        self._clients.ask(do, **arguments)

    def settle(self, delivered: int, beats: int = 0) -> None:
        """Until those that publish were given `delivered` events each and pinged `beats` times."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            talkers = [c for c in self.report() if c["open"] and not c["quiet"]]
            if all(c["delivered"] == delivered and c["out"]["heartbeat"] >= beats
                   for c in talkers):
                return
            if time.monotonic() > deadline:
                raise Failure(f"there is no truth: {delivered} were due, got {talkers}")
            time.sleep(0.1)


def differences(clients, room, rows, samples):
    """One row for each open connection; each figure and each total equal."""
    got = truth.by_key((row for row in rows if row["shard"] == SHARD),
                       lambda row: truth.address(row["remote"]))
    for client in (client for client in clients if client["open"]):
        mine = got.pop(truth.address(client["local"]), [])
        wanted = {"rows": 1, "state": "synced", "protocol": "mqtt"}
        wanted |= {f"{key}_{way}": client[way][kind] for way in WAYS
                   for kind, key in pcap.CLASSES.items()}
        row = {"rows": len(mine)} | (mine[0] if mine else {})
        yield from ((client["local"], what, value, row.get(what))
                    for what, value in wanted.items() if row.get(what) != value)
    yield from ((where, "rows", 0, len(left)) for where, left in got.items())
    for way in WAYS:
        for kind in KINDS:
            wanted = sum(client[way][kind] for client in clients) + room.beside[way, kind]
            seen = int(sum(s.value for s in samples if s.name == "fanfare_messages_total"
                           and (s.labels["shard"], s.labels["protocol"]) == (SHARD, "mqtt")
                           and (s.labels["direction"], s.labels["class"]) == (way, kind)))
            if wanted != seen:
                yield (SHARD, f"messages_total {way} {kind}", wanted, seen)
    yield from verdict.loss_differences(samples)


def check(agent, room) -> None:
    """Asks until the agent equals the truth, which moves with every heartbeat."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        clients = room.report()
        rows, samples = agent.sockets(), agent.metrics()
        found = [*differences(clients, room, rows, samples)] if clients == room.report() else None
        if found == []:
            return
        if found and time.monotonic() > deadline:
            raise Failure("the agent differs from the truth:\n  " + verdict.table(found))
        time.sleep(0.2)


def tools(room, place, version: str) -> None:
    """mosquitto_sub takes what mosquitto_pub sends: lines, and the handshakes that go with them."""
    lines = 200
    where = ["-h", "127.0.0.1", "-p", str(place.port), "-t", "tools/1", "-q", "1"]
    taker = subprocess.Popen(["mosquitto_sub", *where, "-V", version, "-C", str(lines)],
                             stdout=subprocess.PIPE, text=True)
    time.sleep(1)  # it has subscribed
    subprocess.run(["mosquitto_pub", *where, "-V", "mqttv311", "-l"], check=True, text=True,
                   input="".join(f"line {i}\n" for i in range(lines)), timeout=20)
    if len(taker.communicate(timeout=20)[0].splitlines()) != lines:
        raise Failure("mosquitto_sub has not received every line")
    room.beside["in", "event"] += lines
    room.beside["out", "event"] += lines
    # Both: CONNECT and DISCONNECT; SUBSCRIBE; a PUBACK for each line.
    room.beside["in", "control"] += 4 + 1 + lines
    room.beside["out", "control"] += 2 + 1 + lines


def play(server: Server, agent, place) -> Room:
    server.start(place)
    clients = place.talk("clients", ["node", f"{place.work}/subprotocols/mqtt_tcp.js",
                                     str(place.port)])
    room = Room(clients)
    talkers = 4 * len(server.versions)
    for version in server.versions:
        room.play("connect", count=4, version=version, qualities=server.qualities)
    check(agent, room)
    room.play("publish", sizes=SIZES, qualities=server.qualities)
    room.settle(delivered=talkers * len(SIZES), beats=1)
    check(agent, room)
    room.play("retain", version=server.versions[-1])
    room.play("resend")
    check(agent, room)
    again = {way: sum(client[way]["other"] for client in room.report()) for way in WAYS}
    if again != {"out": 1, "in": 1}:
        raise Failure(f"sent again: {again}, and not one each way")
    tools(room, place, "mqttv5" if 5 in server.versions else "mqttv311")
    check(agent, room)
    room.play("close", count=2)
    room.play("publish", sizes=SIZES, qualities=server.qualities)
    room.settle(delivered=(2 * talkers - 2) * len(SIZES))
    check(agent, room)
    room.play("close", count=100)
    check(agent, room)
    return room


def run(name: str, fanfare: pathlib.Path, work: pathlib.Path) -> str:
    directory, port = work / "run" / f"mqtt-{name}", free_port()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        cgroup = stack.enter_context(Cgroups("mqtt", ["room"])).paths["room"]
        agent = stack.enter_context(Agent(fanfare, directory,
                                          CONFIG.format(shard=SHARD, port=port), cgroup))
        recording = stack.enter_context(pcap.Recording(port, directory))
        with contextlib.ExitStack() as processes:
            room = play(SERVERS[name], agent, Place(work, directory, cgroup, port, processes))
            records = room.report()
        pcap.check(fanfare, recording, agent)
    return "; ".join(
        f"{way}: " + ", ".join(f"{sum(r[way][k] for r in records) + room.beside[way, k]} {k}"
                               for k in KINDS) for way in WAYS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SERVERS)}")
    parser.add_argument("--fanfare", type=pathlib.Path, required=True, help="binary under test")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="as sub_setup.sh's")
    options = parser.parse_args()
    if unknown := set(options.names) - SERVERS.keys():
        parser.error(f"no such server: {', '.join(unknown)}; there are {', '.join(SERVERS)}")
    outer.own_network()
    failed = 0
    for name in options.names or SERVERS:
        try:
            print(f"{name}: {run(name, options.fanfare, options.work.resolve())}", flush=True)
        except Failure as failure:
            failed += 1
            print(f"{name}: FAILED: {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
