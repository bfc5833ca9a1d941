#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Publishes over HTTP/1.1 and streams of events against servers that others wrote: what clients were
answered and what EventSources were given is the truth. What tcpdump saw of it, replayed, gives the
same.

usage: http_run.py [NAME...] --fanfare PATH --work DIR
DIR is the one that sub_setup.sh filled; logs are left in DIR/run/http-NAME. Needs root.
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import outer
import pcap
import verdict
from agent import Agent
from cgroups import Cgroups
from processes import Failure, free_port
from sub_servers import Place

SHARD = "room"
CONFIG = """node: peers
cluster: peers
shards:
  - name: {shard}
    match: {{listen_ports: [{port}]}}
    clients: {{protocol: sse, publishes: [{{method: POST, path: /api/send}}]}}
"""
NGINX = """
daemon off; user root; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ }}
http {{
  access_log off;
  upstream chat {{ server 127.0.0.1:{upstream}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://chat; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""
ANSWER_SECONDS = 60
PIPELINED = 20


def start_node(place):
    return place.talk("server", ["node", f"{place.work}/http/server.js", str(place.port)])


def start_nginx(place):
    upstream = free_port()
    server = place.talk("server", ["node", f"{place.work}/http/server.js", str(upstream)])
    config = place.directory / "nginx.conf"
    config.write_text(NGINX.format(directory=place.directory, upstream=upstream, port=place.port),
                      encoding="utf-8")
    place.run("nginx", ["nginx", "-c", config])
    return server


def start_go(place):
    return place.talk("server", [place.work / "chat-http", str(place.port)])


SERVERS = {"node": start_node, "go": start_go, "nginx": start_nginx}


def curl(port: int) -> int:
    """Several requests on one connection, one of them large and only after 100 Continue. Returns how
    many publishes were accepted."""
    url = f"http://127.0.0.1:{port}/api/send"
    each = ["-s", "-o", "/dev/null", "-w", "%{http_code}\\n"]
    large = ["-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", "--data-binary",
             "@-", url]
    done = subprocess.run(["curl", *each, *large, "--next", *each, "-d", "refuse", url, "--next",
                           *each, "-d", "hello", url, "--next", *each, "-X", "PUT", "-d", "no", url],
                          input="y" * 300000, capture_output=True, text=True, timeout=30, check=True)
    codes = done.stdout.split()
    if codes[1:] != ["422", "201", "200"] or codes[0] != "201":
        raise Failure(f"curl was answered {codes}")
    return 2


def pipeline(port: int) -> int:
    """Requests that do not wait for answers; returns how many were accepted."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        one = b"POST /api/send HTTP/1.1\r\nHost: chat\r\nContent-Length: 4\r\n\r\nabcd"
        last = one.replace(b"Host: chat", b"Host: chat\r\nConnection: close")
        connection.sendall(one * (PIPELINED - 1) + last)
        answers = b""
        while piece := connection.recv(65536):
            answers += piece
    if answers.count(b"HTTP/1.1 201") != PIPELINED:
        raise Failure(f"pipelining was answered {answers[:200]}")
    return PIPELINED


def differences(accepted, report, beats, rows, samples):
    streams = [row for row in rows if row["protocol"] == "sse" and row["shard"] == SHARD]
    if report is not None:
        yield from ((SHARD, what, wanted, seen) for what, wanted, seen in (
            ("streams", len(report["received"]), len(streams)),
            ("events of each", sorted(report["received"]),
             sorted(row["events_out"] for row in streams)),
            ("heartbeats of each", [beats] * len(streams),
             [row["heartbeats_out"] for row in streams]),
            ("other of each", [2] * len(streams), [row["other_out"] for row in streams]),
            ("unsynced", [], [row for row in streams if row["state"] != "synced"]),
        ) if wanted != seen)
        total = int(sum(s.value for s in samples if s.name == "fanfare_messages_total" and
                        (s.labels["protocol"], s.labels["class"], s.labels["direction"]) ==
                        ("sse", "event", "out")))
        if total != sum(report["received"]):
            yield (SHARD, "messages_total", sum(report["received"]), total)
    seen = int(sum(s.value for s in samples if s.name == "fanfare_events_accepted_total"))
    if seen != accepted:
        yield (SHARD, "events_accepted_total", accepted, seen)
    yield from verdict.loss_differences(samples)


def check(agent, clients, beside: int, beats: int) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        report = clients.ask("report")
        accepted = report["answers"]["accepted"] + beside
        found = [*differences(accepted, report, beats, agent.sockets(), agent.metrics())]
        if not found and report["received"] == [accepted] * len(report["received"]):
            return
        if time.monotonic() > deadline:
            raise Failure(f"the agent differs from the truth ({report}):\n  "
                          + verdict.table(found))
        time.sleep(0.3)


def check_replayed(fanfare: pathlib.Path, recording, agent) -> None:
    done = subprocess.run([fanfare, "replay", recording.file, "--config", agent.config, "-o", "json"],
                          capture_output=True, text=True, timeout=60, check=True)
    again = sum(flow["publishes_accepted"] or 0 for flow in json.loads(done.stdout)["flows"])
    live = int(sum(s.value for s in agent.metrics() if s.name == "fanfare_events_accepted_total"))
    if live != again:
        raise Failure(f"accepted: live {live}, replayed {again}")


def play(name: str, agent, place) -> str:
    server = SERVERS[name](place)
    clients = place.talk("clients", ["node", f"{place.work}/http/clients.js", str(place.port)])
    clients.ask("listen", count=5)
    server.ask("beat", count=3)
    clients.ask("publish", count=30)
    server.ask("retry")
    check(agent, clients, 0, 3)
    beside = curl(place.port) + pipeline(place.port)
    server.ask("beat", count=4)
    check(agent, clients, beside, 7)
    report = clients.ask("report")
    clients.ask("close")
    time.sleep(1)
    return (f"{report['answers']['accepted'] + beside} accepted, "
            f"{report['answers']['refused']} refused, {sum(report['received'])} events to "
            f"{len(report['received'])} EventSources")


def run(name: str, fanfare: pathlib.Path, work: pathlib.Path) -> str:
    directory, port = work / "run" / f"http-{name}", free_port()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        cgroup = stack.enter_context(Cgroups("http", ["room"])).paths["room"]
        agent = stack.enter_context(Agent(fanfare, directory,
                                          CONFIG.format(shard=SHARD, port=port), cgroup))
        recording = stack.enter_context(pcap.Recording(port, directory))
        with contextlib.ExitStack() as processes:
            said = play(name, agent, Place(work, directory, cgroup, port, processes))
        pcap.check(fanfare, recording, agent)
        check_replayed(fanfare, recording, agent)
    return said


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
