#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes dashboards/grafana; with --check says which are not current.

They ask the agents' own series, not recorded ones: they work without the rules, and a picture that
differs from an alert is a second opinion.
"""
import json
import pathlib
import sys

from panels import SCRAPED, Panel, dashboard

GRAFANA = pathlib.Path(__file__).resolve().parents[1] / "grafana"
SHARD = f'{SCRAPED},cluster=~"$cluster",shard=~"$shard"'
NODE = f'{SHARD},node=~"$node"'
AGENT = f'{SCRAPED},cluster=~"$cluster",node=~"$node"'
FLEET = f'{SCRAPED},cluster=~"$cluster"'
LOW_IS_BAD = ((0, "red"), (0.8, "orange"), (0.95, "green"))
LOSS = ((0, "green"), (0.01, "orange"), (0.05, "red"))
NONE_IS_WELL = ((0, "green"), (1, "red"))
BELIEVED = ((0, "green"), (20.2, "red"))


def rate(metric: str, by: str, labels: str, more: str = "") -> str:
    return f"sum by ({by}) (rate(fanfare_{metric}{{{labels}{more}}}[$__rate_interval]))"


def over(above: str, below: str, by: str, labels: str) -> str:
    """Sums of numerators over sums of denominators, where there is anything to divide by."""
    return f"{rate(above, by, labels)} / ({rate(below, by, labels)} > 0)"


def acks(by: str, labels: str) -> str:
    event = ',class="event"'
    acked = rate("messages_acked_total", by, labels, event)
    lost = rate("messages_lost_total", by, labels, event + ',reason!="unknown"')
    return f"{acked} / ({acked} + {lost} > 0)"


def sockets(by: str, labels: str, more: str = "") -> str:
    return f'sum by ({by}) (fanfare_sockets{{{labels},role="client"{more}}})'


def coverage(by: str, labels: str) -> str:
    """Each node weighs as many client sockets as it has."""
    own = "cluster, shard, node"
    of_node = f"max by ({own}) (fanfare_coverage_ratio{{{labels}}})"
    return (f"sum by ({by}) ({of_node} * {sockets(own, labels)}) "
            f"/ (sum by ({by}) ({sockets(own, labels)} and {of_node}) > 0)")


def stat(title: str, description: str, unit: str, expression: str, **more) -> Panel:
    return Panel(title, description, unit, {"": expression}, "stat", 8, 3, **more)


def some(metric: str, by: str, labels: str, least: float, all_by: str = "") -> str:
    """A gauge by `by`, where it went beyond `least` in the time that is looked at, and the worst of
    all as `signal="worst"`: no legend full of zeros, and nothing that looks like no data."""
    each = f"max by ({by}) (%sfanfare_{metric}{{{labels}}}%s)"
    total = f"max by ({all_by}) (fanfare_{metric}{{{labels}}})"
    return (f"{each % ('', '')} and {each % ('max_over_time(', '[$__range])')} > {least} "
            f'or label_replace({total}, "signal", "worst", "", "")')


def alerts_firing(by: str, labels: str, all_by: str) -> str:
    """By name, those that fired in the time that is looked at, and `alertname="all"`."""
    each = f"sum by ({by}) (%sfanfare_alerts_firing{{{labels}}}%s)"
    total = f"sum by ({all_by}) (fanfare_alerts_firing{{{labels}}})"
    return (f"{each % ('', '')} and {each % ('max_over_time(', '[$__range])')} > 0 "
            f'or label_replace({total}, "alertname", "all", "", "")')


def quantiles(by: str, labels: str) -> dict:
    buckets = rate("ack_seconds_bucket", f"le, {by}", labels)
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    return {f"{name} {legend}": f"histogram_quantile({q}, {buckets})"
            for name, q in (("median", 0.5), ("99 %", 0.99))}


def lost_to_capture(by: str, labels: str, all_by: str = "") -> str:
    """By reason, where there was any in the time that is looked at, and `reason="all"`."""
    each = rate("capture_losses_total", by, labels)
    any_of = f"sum by ({by}) (increase(fanfare_capture_losses_total{{{labels}}}[$__range])) > 0"
    total = rate("capture_losses_total", all_by, labels).replace("sum by ()", "sum")
    return f'{each} and {any_of} or label_replace({total}, "reason", "all", "", "")'


def losses(labels: str) -> Panel:
    """Where something is proven to be lost: of each node, signal and, of replication, peer."""
    by = "cluster, shard, node, signal, peer"
    lost = f"max by ({by}) (fanfare_loss_estimate{{{labels}}}) >= 0.01"
    none = f'label_replace(0 * max(fanfare_loss_estimate{{{labels}}}), "signal", "none", "", "")'
    of = {"Lost": f"{lost} or on() {none}"} | {
        name: f"max by ({by}) (fanfare_{metric}{{{labels}}}) and {lost}"
        for name, metric in (("Now", "propagation_ratio"), ("Normal", "propagation_normal"),
                             ("Evidence", "evidence"))}
    return Panel("Losses", "Where agents have evidence that messages are lost, and how many: the share "
                 "that is missing since it began, the ratio now and what it normally is. Evidence in "
                 "nats; beyond 20.2 it is believed.", "short", of, "table", 14, 8,
                 columns=("shard", "node", "signal", "peer", *of, "cluster"), sort=("Lost", True),
                 links=(("shard", "shard"), ("host", "node")),
                 units={"Lost": "percentunit"}, colours={"Lost": LOSS},
                 runbooks=("FanfareReachLoss", "FanfareCopiesLoss"))


def gone(labels: str) -> str:
    """Agents that were scraped within the last hour and are not any more."""
    each = "max by (cluster, node) (%sfanfare_build_info{%s}%s)"
    return f"{each % ('max_over_time(', labels, '[1h])')} unless {each % ('', labels, '')}"


def alerts(labels: str) -> Panel:
    down = gone(labels)
    for label, value in (("alertname", "FanfareAgentDown"), ("severity", "warning")):
        down = f'label_replace({down}, "{label}", "{value}", "", "")'
    return Panel("Alerts", "Alerts that agents have firing, by their own judgement, and agents that are "
                 "gone since less than an hour. The name leads to the runbook: what to do.", "short", {
                     "Firing": "sum by (cluster, node, severity, alertname) "
                     f"(fanfare_alerts_firing{{{labels}}}) > 0 or {down}"},
                 "table", 10, 8, none="No agent has an alert firing, none is gone.",
                 columns=("alertname", "severity", "node", "cluster"), sort=("severity", False),
                 widths={"alertname": 190, "severity": 95},
                 colours={"severity": {"critical": "red", "warning": "orange"}},
                 links=(("runbook", "alertname"), ("host", "node")), runbooks=("FanfareReachLoss",))


def fleet() -> dict:
    shard = "cluster, shard"
    return dashboard("fleet", "All shards of all clusters: does what is said arrive?", [
        ("Now", [
            stat("Critical alerts", "Critical alerts that agents have firing, by their own judgement.",
                 "short", f'sum(fanfare_alerts_firing{{{FLEET},severity="critical"}})',
                 steps=NONE_IS_WELL, runbooks=("FanfareReachLoss",)),
            stat("Warnings", "Warnings that agents have firing, by their own judgement.", "short",
                 f'sum(fanfare_alerts_firing{{{FLEET},severity="warning"}})',
                 steps=((0, "green"), (1, "orange"))),
            stat("Agents", "Agents that are scraped.", "short",
                 f"count(max by (cluster, node) (fanfare_build_info{{{FLEET}}})) or vector(0)",
                 steps=((0, "red"), (1, "green")),
                 runbooks=("FanfareAgentDown", "FanfareAgentsAbsent")),
            stat("Agents gone", "Agents that were scraped within the last hour and are not any more: "
                 "their hosts are not watched.", "short",
                 f"count({gone(FLEET)}) or vector(0)", steps=((0, "green"), (1, "orange")),
                 runbooks=("FanfareAgentDown", "FanfareAgentDiedFiring")),
            stat("Client sockets", "Open sockets to clients, readable or not.", "short",
                 f'sum(fanfare_sockets{{{FLEET},role="client"}})'),
            stat("Coverage", "Client sockets that can be read, over those open. What is not covered "
                 "is not judged.", "percentunit", coverage("", FLEET).replace("sum by ()", "sum"),
                 steps=LOW_IS_BAD, most=1, runbooks=("FanfareCoverageLow",)),
            losses(FLEET), alerts(FLEET),
            Panel("Shards", "One row for each shard, over all its nodes. A reach or ratio that is "
                  "missing is unknown, not 0. The name leads to the shard.", "short", {
                      "Lost, worst node": f"max by ({shard}) (fanfare_loss_estimate{{{FLEET}}})",
                      "Reach": over("events_reached_total", "events_due_total", shard, FLEET),
                      "Copies per event": over("event_copies_total", "events_due_total", shard,
                                               FLEET),
                      "Acknowledged": acks(shard, FLEET),
                      "Coverage": coverage(shard, FLEET),
                      "Client sockets": sockets(shard, FLEET),
                      "Events due": rate("events_due_total", shard, FLEET)},
                  "table", 24, 7, links=(("shard", "shard"),), sort=("Lost, worst node", True),
                  columns=("shard", "Lost, worst node", "Reach", "Copies per event", "Acknowledged",
                           "Coverage", "Client sockets", "Events due", "cluster"),
                  colours={"Lost, worst node": LOSS, "Coverage": LOW_IS_BAD},
                  units={"Reach": "percentunit", "Lost, worst node": "percentunit",
                         "Acknowledged": "percentunit", "Coverage": "percentunit",
                         "Events due": "mps"}, runbooks=("FanfareClusterReachLoss",))]),
        ("Shards over time", [
            Panel("Reach", "Events that reached a client, over events that were due, all nodes of a "
                  "shard summed. Compare with its normal, not with 100 %.", "percentunit",
                  {"{{cluster}} {{shard}}": over("events_reached_total", "events_due_total", shard,
                                                 FLEET)}, most=1,
                  runbooks=("FanfareClusterReachLoss", "FanfareClusterReachLow")),
            Panel("Estimated loss, worst node", "Share of what was due that is missing since the loss "
                  "began, by the agents; 0 without evidence. From 5 % on it pages.", "percentunit",
                  {"{{cluster}} {{shard}}": f"max by ({shard}) (fanfare_loss_estimate{{{FLEET}}})"},
                  steps=LOSS, most=1, runbooks=("FanfareReachLoss",)),
            Panel("Events due", "Events that a shard's nodes had to copy to their clients, each node "
                  "counted.", "mps",
                  {"{{cluster}} {{shard}}": rate("events_due_total", shard, FLEET)}),
            Panel("Client sockets", "Open sockets to clients. A fall to nothing is an outage that no "
                  "ratio shows.", "short", {"{{cluster}} {{shard}}": sockets(shard, FLEET)},
                  runbooks=("FanfareShardAbsent", "FanfareSocketCollapse")),
            Panel("Alerts of agents", "What agents have firing, by name.", "short",
                  {"{{alertname}} {{severity}}": alerts_firing("alertname, severity", FLEET,
                                                               "severity")}),
            Panel("Capture losses", "What agents could not read, by reason. 0 means that counts are "
                  "exact.", "cps", {"{{reason}}": lost_to_capture("reason", FLEET)},
                  runbooks=("FanfareCaptureLosses",))])])


def shard() -> dict:
    node = "cluster, shard, node"
    pair = "cluster, shard, src, dst"
    signal = "node, signal, peer"
    normal = f'max by ({node}) (fanfare_propagation_normal{{{NODE},signal="%s"}})'
    return dashboard(
        "shard", "One shard: where on the way from accepted to acknowledged does it stop?", [
            ("Now", [losses(NODE), alerts(AGENT)]),
            ("Reach", [
                Panel("Reach over all nodes", "Events that reached a client over events due: sums of "
                      "all nodes, then divided.", "percentunit",
                      {"{{shard}}": over("events_reached_total", "events_due_total",
                                         "cluster, shard", NODE)}, most=1,
                      runbooks=("FanfareClusterReachLoss", "FanfareClusterReachLow")),
                Panel("Reach by node over its normal", "1 is normal, learned by the node's agent. A "
                      "node that stands below the others has the fault.", "percentunit",
                      {"{{node}}": f"({over('events_reached_total', 'events_due_total', node, NODE)})"
                       f" / ({normal % 'reach'} > 0)"},
                      steps=LOW_IS_BAD, runbooks=("FanfareHostReachLoss", "FanfareReachLoss")),
                Panel("Copies per event by node", "Event messages written to clients for each event "
                      "due. Follows the size of rooms.", "short",
                      {"{{node}}": over("event_copies_total", "events_due_total", node, NODE)},
                      runbooks=("FanfareCopiesLoss", "FanfareClusterCopiesLoss")),
                Panel("Evidence", "Nats against \"nothing is lost\", by node and signal. Beyond 20.2 "
                      "it is believed.", "short",
                      {"{{node}} {{signal}} {{peer}}": some("evidence", signal, NODE, 1, "node")},
                      steps=BELIEVED, runbooks=("FanfareReachLoss",)),
                Panel("Estimated loss", "Share that is missing since the loss began, by node and "
                      "signal.", "percentunit",
                      {"{{node}} {{signal}} {{peer}}": some("loss_estimate", signal, NODE, 0,
                                                            "node")}, steps=LOSS, most=1),
                Panel("Least loss that could be proven", "By five more minutes of this traffic, of the "
                      "signals that page. 100 %: a quiet shard; silence of the alerts means little.",
                      "percentunit", {"{{node}} {{signal}}": "max by (node, signal) "
                       f'(fanfare_detectable_loss{{{NODE},signal=~"reach|copies|replication"}})'}, most=1,
                      runbooks=("FanfareQuietShard",))]),
            ("Accepted and replicated", [
                Panel("Accepted by node", "Events taken from clients.", "mps",
                      {"{{node}}": rate("events_accepted_total", node, NODE)},
                      runbooks=("FanfareNoAccepted",)),
                Panel("Due by node", "Events that each node had to copy to its clients. In a shard "
                      "that replicates all lines lie on one another; one below is cut off.", "mps",
                      {"{{node}}": rate("events_due_total", node, NODE)},
                      runbooks=("FanfareHostBehind",)),
                Panel("Log entries sent", "From node to node, counted where they leave.", "cps",
                      {"{{src}} to {{dst}}": rate("replication_entries_total", pair, NODE,
                                                  ',direction="out"')},
                      runbooks=("FanfareReplicationStalled", "FanfareReplicationLoss")),
                Panel("Log entries received", "From node to node, counted where they come in. Each "
                      "line has its equal among those sent.", "cps",
                      {"{{src}} to {{dst}}": rate("replication_entries_total", pair, NODE,
                                                  ',direction="in"')},
                      runbooks=("FanfarePairLoss", "FanfareContradiction"))]),
            ("Acknowledged", [
                Panel("Acknowledged by node", "Events whose last byte a client's TCP acknowledged, "
                      "over those whose fate is known.", "percentunit", {"{{node}}": acks(node, NODE)},
                      most=1, runbooks=("FanfareAckLoss",)),
                Panel("Lost by reason", "Events that left and were never acknowledged: their socket "
                      "died first.", "mps",
                      {"{{reason}}": rate("messages_lost_total", "reason", NODE, ',class="event"')},
                      runbooks=("FanfareLostAtClose",)),
                Panel("Time to acknowledgement", "From the write of an event to the client's TCP, to "
                      "a factor of two.", "s", quantiles("shard", NODE)),
                Panel("Clients that fall behind", "Something has waited, unsent or unacknowledged: "
                      "slow from 5 s on, stuck from 30 s on.", "short",
                      {"{{node}} {{pace}}": f"sum by (node, pace) (fanfare_sockets_behind{{{NODE}}})"},
                      runbooks=("FanfareClientsStuck",)),
                Panel("Silent sockets", "Share of the sockets a minute old or older that get nothing "
                      "while the shard emits.", "percentunit",
                      {"{{node}}": f"sum by (node) (fanfare_sockets_silent{{{NODE}}}) / "
                       f"(sum by (node) (fanfare_sockets_judged{{{NODE}}}) > 0) "
                       f"or 0 * sum by (node) (fanfare_sockets_judged{{{NODE}}})"}, most=1,
                      runbooks=("FanfareSilentSockets",)),
                Panel("Unsent", "Bytes that the server has written and TCP has not sent.", "bytes",
                      {"{{node}}": f"sum by (node) (fanfare_unsent_bytes{{{NODE}}})"},
                      runbooks=("FanfareClientsStuck",))]),
            ("Sockets", [
                Panel("Client sockets by node", "Open sockets to clients. A node at 0 while others "
                      "are not is kept out, or down.", "short", {"{{node}}": sockets("node", NODE)},
                      runbooks=("FanfareHostIdle", "FanfareServerAbsent",
                                "FanfareSocketCollapse")),
                Panel("Coverage by node", "Readable over open client sockets. Below 95 % the node is "
                      "not judged.", "percentunit", {"{{node}}": coverage("node", NODE)},
                      steps=LOW_IS_BAD, most=1, runbooks=("FanfareCoverageLow", "FanfareBlind")),
                Panel("Opened", "Sockets that clients opened.", "cps",
                      {"{{node}}": rate("sockets_opened_total", "node", NODE, ',role="client"')}),
                Panel("Closed", "Client sockets that closed, by who ended them.", "cps",
                      {"{{by}}": rate("sockets_closed_total", "by", NODE, ',role="client"')},
                      runbooks=("FanfareSocketCollapse",))])])


def host() -> dict:
    by = "shard"
    legend = "{{shard}}"
    return dashboard("host", "One host: everything that its agent counts, by shard.", [
        ("Now", [losses(NODE), alerts(AGENT)]),
        ("Traffic", [
            Panel("Messages to clients", "By class: events, heartbeats, control frames, other.", "mps",
                  {"{{shard}} {{class}}": rate("messages_total", "shard, class", NODE,
                                               ',role="client",direction="out"')}),
            Panel("Messages from clients", "By class; events are what clients publish.", "mps",
                  {"{{shard}} {{class}}": rate("messages_total", "shard, class", NODE,
                                               ',role="client",direction="in"')}),
            Panel("Bytes to clients", "Payload as on the wire, without frame headers.", "Bps",
                  {legend: rate("message_bytes_total", by, NODE,
                                ',role="client",direction="out"')}),
            Panel("Frames to clients", "Fragments and control frames included. Far above messages: "
                  "fragmented.", "cps",
                  {legend: rate("frames_total", by, NODE, ',role="client",direction="out"')})]),
        ("Delivery", [
            Panel("Reach", "Events that reached a client over events due on this host.", "percentunit",
                  {legend: over("events_reached_total", "events_due_total", by, NODE)}, most=1,
                  runbooks=("FanfareReachLoss", "FanfareHostReachLoss")),
            Panel("In flight", "Messages that wait for the acknowledgement of their last byte.",
                  "short", {"{{shard}} {{class}}": "sum by (shard, class) "
                            f"(fanfare_messages_in_flight{{{NODE}}})"}),
            Panel("Oldest that waits", "Age of the oldest message without acknowledgement, and how "
                  "long the slowest client has taken nothing.", "s", {
                      "unacknowledged {{shard}}": "max by (shard) "
                      f"(fanfare_oldest_unacked_seconds{{{NODE}}})",
                      "unsent {{shard}}": f"max by (shard) (fanfare_oldest_unsent_seconds{{{NODE}}})"},
                  steps=((0, "green"), (5, "orange"), (30, "red")),
                  runbooks=("FanfareClientsStuck",)),
            Panel("Unsent bytes that died", "Written by the server, never sent: their socket died "
                  "first.", "Bps", {"{{shard}} {{reason}}": rate("unsent_bytes_lost_total",
                                                                 "shard, reason", NODE)},
                  runbooks=("FanfareLostAtClose",)),
            Panel("Time to acknowledgement", "From write to the client's TCP, to a factor of two.",
                  "s", quantiles("shard", NODE)),
            Panel("Replication RPCs", "By kind and direction. Heartbeats without appends: entries do "
                  "not flow.", "cps",
                  {"{{direction}} {{kind}}": rate("replication_rpcs_total", "direction, kind", NODE)},
                  runbooks=("FanfareReplicationStalled",))]),
        ("Sockets", [
            Panel("Sockets", "To clients and to other nodes, readable (synced) or not.", "short",
                  {"{{shard}} {{role}} {{state}}": "sum by (shard, role, state) "
                   f"(fanfare_sockets{{{NODE}}})"}, runbooks=("FanfareBlind",)),
            Panel("Hops", "Client sockets whose peer is on another host (edge) or on this one (inner: "
                  "a proxy; acknowledged is its word).", "short",
                  {"{{shard}} {{hop}}": f"sum by (shard, hop) (fanfare_sockets_by_hop{{{NODE}}})"})])])


def agent() -> dict:
    return dashboard("agent", "fanfare itself: does it run, see everything, reach Alertmanager, and "
                     "what does it cost?", [
        ("Now", [
            stat("Agents", "Agents that are scraped.", "short",
                 f"count(max by (cluster, node) (fanfare_build_info{{{AGENT}}})) or vector(0)",
                 steps=((0, "red"), (1, "green")),
                 runbooks=("FanfareAgentDown",)),
            stat("Youngest", "Time since the last start of an agent.", "s",
                 f"time() - max(fanfare_start_time_seconds{{{AGENT}}})"),
            stat("Configurations refused", "Agents whose last reload failed.", "short",
                 f"count(fanfare_config_last_reload_successful{{{AGENT}}} == 0) or vector(0)",
                 steps=NONE_IS_WELL, runbooks=("FanfareConfigReloadFailed",)),
            stat("Bookkeeping error", "By how many messages written = acked + lost + unknown + in "
                 "flight does not hold. Anything but 0 is a defect of fanfare.", "short",
                 f"max(abs(fanfare_bookkeeping_error{{{AGENT}}}))", steps=NONE_IS_WELL,
                 runbooks=("FanfareBookkeepingBroken",)),
            stat("Shards over the limit", "Listeners that share shard=\"other\".", "short",
                 f"sum(fanfare_shards_over_limit{{{AGENT}}})", steps=((0, "green"), (1, "orange")),
                 runbooks=("FanfareShardsOverLimit",)),
            stat("Posts refused", "Posts of alerts that no Alertmanager took, in the last minutes.",
                 "short", f'sum(increase(fanfare_alert_posts_total{{{AGENT},result="failed"}}'
                 "[$__rate_interval]))", steps=NONE_IS_WELL, runbooks=("FanfareAlertNotPosted",)),
            Panel("Versions", "Which agent runs where.", "short",
                  {"Agents": f"count by (cluster, version) (fanfare_build_info{{{AGENT}}})"},
                  "table", 8, 7, columns=("version", "Agents", "cluster")),
            Panel("Addresses", "Which node has which address: how pairs are named across nodes.",
                  "short", {"": f"max by (cluster, node, address) (fanfare_address_info{{{AGENT}}})"},
                  "table", 16, 7, columns=("node", "address", "cluster"), sort=("node", False),
                  links=(("host", "node"),), runbooks=("FanfarePairLoss",))]),
        ("Sight", [
            Panel("Capture losses", "What was not counted, by node and reason; each reason has its own "
                  "unit.", "cps", {"{{node}} {{reason}}": lost_to_capture("node, reason", AGENT, "node")},
                  runbooks=("FanfareCaptureLosses",)),
            Panel("Map fill", "Entries in use over capacity. Past 100 % sockets are not counted.",
                  "percentunit", {"{{node}} {{map}}": f"max by (node, map) (fanfare_map_entries{{{AGENT}}}"
                                  f" / (fanfare_map_capacity{{{AGENT}}} > 0))"},
                  steps=((0, "green"), (0.9, "red")), most=1, runbooks=("FanfareMapNearlyFull",)),
            Panel("Alerts firing", "By node and name.", "short",
                  {"{{node}} {{alertname}}": alerts_firing("node, alertname", AGENT, "node")}),
            Panel("Posts of alerts", "To each Alertmanager, by whether it took them.", "cps",
                  {"{{target}} {{result}}": rate("alert_posts_total", "target, result", AGENT)},
                  runbooks=("FanfareAlertNotPosted",))]),
        ("Cost", [
            Panel("CPU of a tick", "What the last reading of the kernel took, once a second.", "s",
                  {"{{node}}": f"max by (node) (fanfare_tick_seconds{{{AGENT}}})"},
                  steps=((0, "green"), (0.5, "red")), width=8),
            Panel("Runs of kernel programs", "0 while kernel.bpf_stats_enabled is off.", "cps",
                  {"{{node}} {{program}}": rate("bpf_runs_total", "node, program", AGENT)}, width=8),
            Panel("CPU of kernel programs", "Share of one CPU; 0 while kernel.bpf_stats_enabled is off.",
                  "percentunit", {"{{node}} {{program}}": rate("bpf_run_seconds_total",
                                                               "node, program", AGENT)}, width=8,
                  soft=0.01)])])


def main() -> int:
    stale = []
    for make in (fleet, shard, host, agent):
        made = make()
        path = GRAFANA / f"{made['uid']}.json"
        text = json.dumps(made, indent=1) + "\n"
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        else:
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{name} is not what generate.py writes: run dashboards/source/generate.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
