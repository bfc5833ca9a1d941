// SPDX-License-Identifier: Apache-2.0
// Alerts of the rules across hosts (dashboards/rules), for `fanfare help NAME`; the agent itself
// does not know them. tests/rules/named.py holds the names to the rules. Each has a runbook.
#pragma once

#include <array>
#include <string_view>

namespace fanfare {

struct RuleAlert {
  std::string_view name;
  std::string_view meaning;
  std::string_view next;  // what to do
};

inline constexpr std::array<RuleAlert, 25> rule_alerts{{
    {"FanfareClusterReachLoss",
     "Over all nodes of a shard fewer events reach a client than is normal: 40 % missing in 30 s, "
     "20 % in 5 min, 5 % in 30 min or 6 h. Critical.",
     "Find the nodes with the largest node:fanfare_reach_loss:ratio in Prometheus; stop every "
     "roll-out, roll the worst node back, and run fanfare explain SHARD there."},
    {"FanfareHostReachLoss",
     "On one node fewer events reach a client than is normal there, by Prometheus. Critical.",
     "Run fanfare explain SHARD on that node. Roll it back or drain it where its peers are well."},
    {"FanfareHostReachBelowPeers",
     "A node reaches less than 0.6 of what the other nodes of its shard reach, whatever its own "
     "agent "
     "holds for normal, and has not done so for days. Critical.",
     "Compare its build and host with its peers'; roll it back or drain it. fanfare explain SHARD "
     "there."},
    {"FanfareClusterReachBelowWeek",
     "A shard reaches less than 0.6 of what it reached in its own last week, whatever the agents "
     "hold "
     "for normal. Critical.",
     "Roll the last deploy back; run fanfare explain SHARD on any node. It ends by itself only "
     "after days."},
    {"FanfareClusterReachLow",
     "A small share of a shard's events reaches nobody: 5 % in 5 min, 2 % in 30 min or 1 % in 6 h. "
     "A warning.",
     "Compare the nodes, then the kinds of events; do not roll a build further out meanwhile."},
    {"FanfareClusterCopiesLoss",
     "Fewer than 60 % of the normal copies of each event leave for clients, over all nodes. "
     "Critical.",
     "See whether reach is low too; if not, rooms are served by halves: fanfare sockets --sort "
     "last_event_seconds."},
    {"FanfareHostBehind",
     "A node that serves clients lacks log entries that most of its shard's nodes have. Critical.",
     "Drain it; see fanfare peers there and on the leader; restart its process."},
    {"FanfarePairLoss",
     "Log entries that one agent counted out, the other did not count in. A warning.",
     "See the losses in fanfare status on the receiving node; look for a proxy or a NAT between."},
    {"FanfareContradiction",
     "One agent counts more log entries in than their only sender counts out. A warning.",
     "See the losses and the coverage of both nodes in fanfare status, and whether "
     "replication.peers gives one address to two nodes."},
    {"FanfareShardAbsent",
     "An expected shard has no socket on any node for 2 min: a deploy that fails before its "
     "process starts looks like this. Critical.",
     "Run fanfare explain :PORT on two nodes. Nobody listens: roll the last deploy back. Somebody "
     "does: load balancer, DNS, certificate."},
    {"FanfareHostIdle",
     "A node has had no client for 10 min while its shard's others have. A warning.",
     "Run fanfare explain :PORT there; see the load balancer's health check."},
    {"FanfareAgentDiedFiring",
     "An agent is gone whose critical alerts were never resolved; Alertmanager will call them "
     "resolved. Critical.",
     "Treat it as the alert that fired. Start the agent: it goes on with it."},
    {"FanfareAlertNotPosted",
     "An agent has critical alerts, and no Alertmanager has taken a post for 5 min. Critical.",
     "Run fanfare alerts there and work on what fires; then the line alerting of fanfare status."},
    {"FanfareAgentsAbsent", "Prometheus has no sample of any agent of a cluster. Critical.",
     "See Prometheus' targets; then the agents. They judge and post without it."},
    {"FanfareAgentDown", "An agent cannot be scraped for 2 min. A warning.",
     "Run fanfare status and fanfare doctor on its node; see whether `listen` is reachable."},
    {"FanfareNamesCollide",
     "Two agents that run at the same time have the same names of cluster and node, so the figures "
     "of "
     "one hide those of the other. A warning.",
     "Give each cluster its own name: the key cluster of the agents' configuration."},
    {"FanfareShardUnwatched",
     "A third or more of the nodes that serve a shard's clients have no agent, and Prometheus "
     "looks for "
     "it in vain. A warning.",
     "Bring the agents back before the next deploy."},
    {"FanfareAgentGone", "A node had an agent within the last hour and has none now. Info.",
     "Nothing where the node was removed; else see why the agent left."},
    {"FanfareCoverageLow",
     "Less than 95 % of a shard's client sockets are readable, over all nodes. A warning.",
     "Run fanfare status on the node with the lowest coverage: it names reason and remedy."},
    {"FanfareCaptureLosses",
     "For more than a thousandth of the messages that leave for a shard's clients an agent names "
     "something it could not read. A warning.",
     "Run fanfare status there, and fanfare help REASON for the largest."},
    {"FanfareConfigReloadFailed",
     "An agent has refused its new configuration and uses the old one. A warning.",
     "Run fanfare config check FILE there; mend it, reload."},
    {"FanfareMapNearlyFull", "A kernel map of an agent is filled to 90 %. A warning.",
     "Raise limits.sockets or limits.identities and restart the agent."},
    {"FanfareShardsOverLimit", "More shards than limits.shards; the rest is counted as other.",
     "Name what belongs together under shards, or raise limits.shards."},
    {"FanfareQuietShard",
     "A shard has too little traffic to prove a loss of two thirds within 5 min. Info.",
     "Nothing; do not take the silence of other alerts for health."},
    {"FanfareWatchdog",
     "Always fires, so that its absence at a dead man's switch is the alarm. Severity none.",
     "When it is absent: Alertmanager's route, Alertmanager, Prometheus, its rules, in that "
     "order."},
}};

}  // namespace fanfare
