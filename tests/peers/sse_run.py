#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Streams of events that are older than the agent, of servers that others wrote. They are busy when
the agent comes, for longer than it looks for frames; then all is quiet for a moment, and from then
on what the agent counts is what EventSources were given.

usage: sse_run.py [NAME...] --fanfare PATH --work DIR
DIR is the one that sub_setup.sh filled; logs are left in DIR/run/sse-NAME. Needs root.
"""
import argparse
import contextlib
import pathlib
import shutil
import sys
import time

import outer
import verdict
from agent import Agent
from cgroups import Cgroups
from http_run import ANSWER_SECONDS, CONFIG, SHARD
from processes import Failure, free_port
from sub_servers import Place

NCHAN = """
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off; user root; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ }}
http {{
  access_log off;
  nchan_shared_memory_size 64M;
  nchan_message_buffer_length 100000;
  client_body_temp_path {directory};
  server {{
    listen 127.0.0.1:{port};
    location /events {{
      nchan_subscriber eventsource; nchan_channel_id room; nchan_subscriber_first_message newest;
    }}
    location / {{ nchan_publisher http; nchan_channel_id room$arg_room; }}
  }}
}}
"""
STREAMS = 5
FLOOD_BYTES = 4000  # an event
SEARCHED_BYTES = 1 << 20  # FANFARE_SEARCH_BYTES_MAX
QUIET_SECONDS = 0.2  # more than FANFARE_QUIET_NS
SENDERS = 4


def start_better_sse(place) -> None:
    place.talk("server", ["node", f"{place.work}/http/better_sse.js", str(place.port)])


def start_nchan(place) -> None:
    config = place.directory / "nginx.conf"
    config.write_text(NCHAN.format(directory=place.directory, port=place.port), encoding="utf-8")
    place.run("nginx", ["nginx", "-c", config])


SERVERS = {"better-sse": start_better_sse, "nchan": start_nchan}


def await_received(clients, is_enough) -> list[int]:
    """What each EventSource has been given, once that is enough."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while not is_enough(received := clients.ask("report")["received"]):
        if time.monotonic() > deadline:
            raise Failure(f"there is no truth: the EventSources have {received}")
        time.sleep(0.05)
    return received


def streams(agent) -> list[dict]:
    """Of the shard's sockets those that were there before the agent."""
    return [row for row in agent.sockets()
            if row["shard"] == SHARD and row["opened_seconds"] is None]


def total(agent, name: str, **labels: str) -> float:
    return sum(s.value for s in agent.metrics() if s.name == f"fanfare_{name}" and
               s.labels.get("shard") == SHARD and labels.items() <= s.labels.items())


def await_accepted(agent, count: int) -> None:
    """What is asked from here on is younger than that many publishes."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while (seen := int(total(agent, "events_accepted_total"))) != count:
        if time.monotonic() > deadline:
            raise Failure(f"{count} publishes were accepted, the agent says {seen}")
        time.sleep(0.2)


def differences(agent, due: int, before: list[int]):
    rows = streams(agent)
    counted = sorted(row["events_out"] for row in rows)
    yield from ((SHARD, what, wanted, seen) for what, wanted, seen in (
        ("state of each", ["synced"] * STREAMS, [row["state"] for row in rows]),
        ("protocol of each", ["sse"] * STREAMS, [row["protocol"] for row in rows]),
        ("events of each", [count + due for count in before], counted),
        ("messages_total", sum(before) + due * STREAMS,
         int(total(agent, "messages_total", **{"class": "event", "direction": "out"}))),
    ) if wanted != seen)
    yield from verdict.loss_differences(agent.metrics())


def check(agent, due: int, before: list[int]) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while found := [*differences(agent, due, before)]:
        if time.monotonic() > deadline:
            raise Failure("the agent differs from the truth:\n  " + verdict.table(found))
        time.sleep(0.3)


def be_busy(agent, clients) -> list[int]:
    """Streams pass more than is searched. Returns what the agent has counted of each by then: nothing,
    unless this machine held its breath, and a stream was found for that."""
    begun = clients.ask("report")["received"]
    due = min(begun) + 2 * SEARCHED_BYTES // FLOOD_BYTES
    await_received(clients, lambda received: min(received) >= due)
    flooded = clients.ask("calm")["flooded"]
    await_received(clients, lambda received: received == [flooded] * STREAMS)
    clients.ask("send", count=1, path="/api/send?room=nobody")
    await_accepted(agent, SENDERS)
    rows = streams(agent)
    if len(rows) != STREAMS:
        raise Failure(f"{len(rows)} of {STREAMS} streams are in the list, busy as they are: {rows}")
    if wrong := [row for row in rows if (row["state"] == "synced") != bool(row["events_out"])]:
        raise Failure(f"streams that are not read are not counted: {wrong}")
    return sorted(row["events_out"] for row in rows)


def play(agent, clients) -> str:
    before = be_busy(agent, clients)
    flooded = clients.ask("report")["received"][0]
    time.sleep(QUIET_SECONDS)
    clients.ask("send", count=100, path="/api/send")
    accepted = clients.ask("report")["answers"]["accepted"]
    due = accepted - SENDERS
    received = await_received(clients, lambda got: got == [flooded + due] * STREAMS)
    await_accepted(agent, accepted)
    check(agent, received[0] - flooded, before)
    return (f"{flooded} events to {STREAMS} EventSources before, of which {sum(before)} were counted; "
            f"{due} behind the silence to each, counted to the last")


def run(name: str, fanfare: pathlib.Path, work: pathlib.Path) -> str:
    directory, port = work / "run" / f"sse-{name}", free_port()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        cgroup = stack.enter_context(Cgroups("sse", ["room"])).paths["room"]
        processes = stack.enter_context(contextlib.ExitStack())
        place = Place(work, directory, cgroup, port, processes)
        SERVERS[name](place)
        clients = place.talk("clients", ["node", f"{place.work}/http/clients.js", str(port)])
        clients.ask("listen", count=STREAMS)
        clients.ask("flood", size=FLOOD_BYTES)
        await_received(clients, lambda received: min(received) >= 10)
        with Agent(fanfare, directory, CONFIG.format(shard=SHARD, port=port), cgroup) as agent:
            return play(agent, clients)


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
