#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the rules across hosts cost a real Prometheus: seconds for each evaluation of each group.

A thousand hosts of three shards each, five hosts to a shard, are scraped each 15 s from one process;
what is read over hours and two days is written beforehand as blocks, a sample a minute where a
Prometheus would have four. On a busy machine the least of each rule's evaluations, summed, is the
figure to trust, and with fewer hosts the more so: each rule then fits into one slice of the CPU.

usage: scale.py [--rules FILE] [--hosts N] [--minutes M] [--lost SHARE] [--port P]
"""
import argparse
import collections
import http.server
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request

import yaml

from promtool import RULES

SHARDS_EACH, RING = 3, 5  # shards of a host; hosts of a shard
HISTORY_STEP = 60
ALERTS = [f"Fanfare{n}" for n in ("ReachLoss", "CopiesLoss", "AckLoss", "Lag", "Blind", "NoAccepted", "ServerAbsent",
                                  "SilentSockets", "SocketCollapse", "ReplicationLoss", "ReplicationStalled", "ClientsStuck")]
MAPS = ("flows", "identities", "cohorts", "replication_flows", "listeners", "pairs", "held", "held_in", "losses", "netns")
RATE = 20  # events of a shard in a second


def shards_of(host: int) -> list[str]:
    return [f"chat-{host // RING}-{i}" for i in range(SHARDS_EACH)]


def template(host: int, lost: float) -> tuple[str, list[float]]:
    """The text with %d where a counter stands, and the rate of each."""
    lines, rates = [], []

    def gauge(name, labels, value):
        lines.append(f'{name}{{cluster="x",node="h{host}",{labels}}} {value}')

    def counter(name, labels, rate):
        lines.append(f'{name}{{cluster="x",node="h{host}",{labels}}} %d')
        rates.append(rate)
    peers = [p for p in range(host // RING * RING, host // RING * RING + RING) if p != host]
    for shard in shards_of(host):
        own = f'shard="{shard}"'
        for role in ("client", "replication"):
            for state in ("synced", "unsynced", "dark"):
                gauge("fanfare_sockets", f'{own},role="{role}",state="{state}"', 400 if state == "synced" else 0)
            counter("fanfare_sockets_opened_total", f'{own},role="{role}"', 1)
        for origin, share in (("local", 1 / RING), ("remote", 1 - 1 / RING)):
            counter("fanfare_events_due_total", f'{own},origin="{origin}"', RATE * share)
            counter("fanfare_events_reached_total", f'{own},origin="{origin}"', RATE * share * 0.92 * (1 - lost))
        counter("fanfare_event_copies_total", own, 80)
        for kind in ("event", "heartbeat", "control", "other"):
            for role in ("client", "replication"):
                counter("fanfare_messages_total",
                        f'{own},role="{role}",protocol="websocket",direction="out",class="{kind}"', 80)
        for direction in ("out", "in"):
            counter("fanfare_shard_losses_total", f'{own},direction="{direction}"', 0)
        for peer in peers:
            for direction, src, dst in (("out", host, peer), ("in", peer, host)):
                counter("fanfare_replication_entries_total",
                        f'{own},protocol="raft",direction="{direction}",src="h{src}",dst="h{dst}"', RATE / RING)
        for signal, normal in (("reach", 0.92), ("copies", 4)):
            gauge("fanfare_propagation_normal", f'{own},signal="{signal}",peer=""', normal)
            gauge("fanfare_detectable_loss", f'{own},signal="{signal}",peer=""', 0.05)
        gauge("fanfare_coverage_ratio", own, 1)
        gauge("fanfare_shard_expected", own, 1)
        gauge("fanfare_bookkeeping_error", own, 0)
    for alert in ALERTS:
        gauge("fanfare_alerts_firing", f'alertname="{alert}",severity="critical"', 0)
    for name in MAPS:
        gauge("fanfare_map_entries", f'map="{name}"', 600)
        gauge("fanfare_map_capacity", f'map="{name}"', 4096)
    gauge("fanfare_address_info", f'address="10.{host >> 8}.{host & 255}.1"', 1)
    gauge("fanfare_address_info", 'address="127.0.0.1"', 1)
    gauge("fanfare_build_info", 'version="1"', 1)
    counter("fanfare_alert_posts_total", 'target="am",result="taken"', 1 / 30)
    for name, value in (("start_time_seconds", 1000 + host), ("config_last_reload_successful", 1), ("shards_over_limit", 0)):
        lines.append(f'fanfare_{name}{{cluster="x",node="h{host}"}} {value}')
    return "\n".join(lines) + "\n", rates


class Exporter(http.server.BaseHTTPRequestHandler):
    """/HOST is the agent of that host."""

    protocol_version = "HTTP/1.1"
    hosts: list = []

    def do_GET(self):
        text, rates = self.hosts[int(self.path[1:])]
        now = time.time() - 1.7e9
        body = (text % tuple(int(rate * now) for rate in rates)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    request_queue_size = 1024

    def handle_error(self, *_):
        """A scrape that timed out on a busy machine is counted by Prometheus."""


# What healthy ones record: name, window, value, hours that are read.
RECORDED = [(f"node:fanfare_{what}:increase", window, seconds * RATE * share, hours)
            for what, share in (("reach_due", 1), ("reach_expected", 0.9), ("events_reached", 0.92),
                                ("reach_seen", 0.92), ("read_due", 1))
            for window, seconds, hours in (("1m", 60, 6), ("5m", 300, 1), ("30m", 1800, 6))]
RECORDED += [("node:fanfare_client_sockets:sum", "", 400, 24), ("node:fanfare_sockets:sum", "", 800, 24),
             ("node:fanfare_critical_firing:sum", "", 0, 48), ("node:fanfare_steady:bool", "", 1, 1),
             ("shard:fanfare_sockets:sum", "", 4000, 48)]


def _labels(name: str, host: int, shard: str) -> str:
    if name.startswith("shard:"):
        return f'shard="{shard}"'
    of_host = f'node="h{host}"'
    return of_host if "critical" in name or "steady" in name else f'shard="{shard}",{of_host}'


def write_history(path: pathlib.Path, hosts: int, rules: str, hours: int) -> int:
    """As OpenMetrics, what these rules record and read again over so many hours."""
    now, samples = int(time.time()) // 60 * 60, 0
    with path.open("w", encoding="utf-8") as out:
        for name, window, value, read in RECORDED:
            unread = f"record: {name}" not in rules or (read == 6 and not re.search(name + f'{{window="{window}"}}.[56]h', rules))
            if read != hours or unread:
                continue
            window = f',window="{window}"' if window else ""
            times = range(now - hours * 3600, now, HISTORY_STEP)
            out.write(f"# TYPE {name} gauge\n")
            for labels in sorted({_labels(name, host, shard) for host in range(hosts) for shard in shards_of(host)}):
                series = f'{name}{{cluster="x",{labels}{window}}} {value:g} '
                out.write("".join(f"{series}{at}\n" for at in times))
                samples += len(times)
        out.write("# EOF\n")
    return samples


def make_blocks(directory: pathlib.Path, hosts: int, rules: str) -> int:
    """promtool reads its input once for every two hours of it: what is short has a file of its own."""
    samples = 0
    for hours in sorted({read for *_, read in RECORDED}):
        written = write_history(directory / "history", hosts, rules, hours)
        if written:
            subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", directory / "history",
                            directory / "tsdb"], check=True)
        samples += written
    (directory / "history").unlink()
    return samples


def configure(directory: pathlib.Path, rules: pathlib.Path, hosts: int, port: int) -> None:
    targets = [{"targets": [f"127.0.0.1:{port}"], "labels": {"__metrics_path__": f"/{h}", "instance": f"h{h}:9477"}}
               for h in range(hosts)]
    (directory / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"}, "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "fanfare", "honor_labels": True, "static_configs": targets}]}), encoding="utf-8")


def ask(port: int, what: str):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{what}", timeout=30) as answer:
        return json.load(answer)["data"]


def watch(port: int, minutes: float) -> tuple[dict, dict, dict]:
    """Seconds of each group's evaluations and of each rule's, after the first minutes; groups' intervals."""
    groups, rules, intervals, seen = (collections.defaultdict(list), collections.defaultdict(list), {}, set())
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        time.sleep(5)
        try:
            found = ask(port, "rules")["groups"]
        except OSError:
            continue
        for group in found:
            intervals[group["name"]] = group["interval"]
            if (group["name"], group["lastEvaluation"]) in seen or not group["evaluationTime"]:
                continue
            seen.add((group["name"], group["lastEvaluation"]))
            groups[group["name"]].append(group["evaluationTime"])
            for place, rule in enumerate(group["rules"]):
                window = rule.get("labels", {}).get("window", "")
                rules[f'{group["name"]} {place} {rule["name"]} {window}'].append(rule["evaluationTime"])
                if rule["health"] == "err":
                    raise SystemExit(f'{rule["name"]}: {rule["lastError"]}')
    return groups, rules, intervals


def report(groups: dict, rules: dict, intervals: dict, minutes: float) -> None:
    print(f"{'group':20} {'interval':>8} {'evaluations':>11} {'least':>8} {'median':>8} {'rules at their least':>21}   seconds")
    total = least = 0.0
    for name, took in groups.items():
        late = took[len(took) // 3:]  # counters of ten minutes exist by then
        best = sum(min(t[len(t) // 3:]) for rule, t in rules.items() if rule.startswith(f"{name} "))
        total += statistics.median(late) * min(1, 15 / intervals[name])
        least += best * min(1, 15 / intervals[name])
        print(f"{name:20} {intervals[name]:7.0f}s {len(late):11} {min(late):8.3f} {statistics.median(late):8.3f} {best:21.3f}")
    print(f"for each 15 s: {total:.3f} s by medians, {least:.3f} s with each rule at its least. Dearest rules (least):")
    for name, took in sorted(rules.items(), key=lambda r: -min(r[1][len(r[1]) // 3:]))[:12]:
        print(f"  {min(took[len(took) // 3:]):8.4f} s  {name}")
    print(f"{minutes:g} minutes; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=pathlib.Path, default=RULES)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=13)
    parser.add_argument("--lost", type=float, default=0, help="share of events that reach nobody, everywhere")
    parser.add_argument("--port", type=int, default=19477, help="of the exporter; Prometheus takes the next")
    given = parser.parse_args()
    Exporter.hosts = [template(host, given.lost) for host in range(given.hosts)]
    print(f"{given.hosts} hosts, {sum(text.count(chr(10)) for text, _ in Exporter.hosts)} series, "
          f"{sum(len(g['rules']) for g in yaml.safe_load(given.rules.read_text())['groups'])} rules", flush=True)
    server = Quiet(("127.0.0.1", given.port), Exporter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        samples = make_blocks(directory, given.hosts, given.rules.read_text(encoding="utf-8"))
        print(f"{samples} samples of history", flush=True)
        configure(directory, given.rules.resolve(), given.hosts, given.port)
        prometheus = subprocess.Popen(
            [shutil.which("prometheus"), f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/tsdb",
             f"--web.listen-address=127.0.0.1:{given.port + 1}", "--log.level=error"])
        try:
            report(*watch(given.port + 1, given.minutes), given.minutes)
        finally:
            prometheus.terminate()
            prometheus.wait(60)


if __name__ == "__main__":
    main()
