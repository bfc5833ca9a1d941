// SPDX-License-Identifier: Apache-2.0
// The table of metrics. Names are public contract: add, do not rename.
#include "agent/exports/metrics_catalogue.h"

#include <fmt/format.h>

namespace fanfare {
namespace {

using prometheus::MetricType;

constexpr std::array<MetricEntry, static_cast<std::size_t>(Metric::count)> catalogue{{
    {Metric::sockets, "fanfare_sockets", MetricType::Gauge, "shard,role,state",
     "Open sockets of the shard on this node, to its clients or to its other nodes; only those in "
     "state synced are counted."},
    {Metric::sockets_opened, "fanfare_sockets_opened_total", MetricType::Counter, "shard,role",
     "Sockets that became part of the shard since the agent started, older ones included once."},
    {Metric::sockets_closed, "fanfare_sockets_closed_total", MetricType::Counter, "shard,role,by",
     "Sockets of the shard that closed, by who ended them: peer, local, or a TCP timeout."},
    {Metric::coverage, "fanfare_coverage_ratio", MetricType::Gauge, "shard",
     "Readable client sockets over open client sockets on the shard's ports, 0 to 1; absent while "
     "there are no sockets to judge by."},
    {Metric::shard_expected, "fanfare_shard_expected", MetricType::Gauge, "shard",
     "1 for each shard with `expected: true` in this agent's configuration, whether it is there or "
     "not."},
    {Metric::messages, "fanfare_messages_total", MetricType::Counter,
     "shard,role,protocol,direction,class",
     "Application messages, each counted once when its last byte has passed; fragments are in "
     "fanfare_frames_total. Control frames are class control; with protocol mqtt class other is "
     "re-deliveries and nothing else."},
    {Metric::message_bytes, "fanfare_message_bytes_total", MetricType::Counter,
     "shard,role,protocol,direction,class",
     "Payload bytes of the messages in fanfare_messages_total, as on the wire: compressed if they "
     "are, without frame headers."},
    {Metric::frames, "fanfare_frames_total", MetricType::Counter, "shard,role,protocol,direction",
     "Complete frames of any kind, fragments and control frames included."},
    {Metric::messages_acked, "fanfare_messages_acked_total", MetricType::Counter, "shard,class",
     "Messages to clients whose last byte the client's TCP has acknowledged (a proxy's, where a "
     "proxy is the client). Class other is all that is no event: heartbeats, control, other."},
    {Metric::messages_in_flight, "fanfare_messages_in_flight", MetricType::Gauge, "shard,class",
     "Messages that have left for clients and wait for the acknowledgement of their last byte."},
    {Metric::messages_lost, "fanfare_messages_lost_total", MetricType::Counter,
     "shard,class,reason",
     "Messages that had left and were never acknowledged when their socket died: by a reset (the "
     "client's or ours), a TCP timeout, a close. Unknown: it cannot be told whether they arrived."},
    {Metric::ack_seconds, "fanfare_ack_seconds", MetricType::Histogram, "shard",
     "From the write of an event to its acknowledgement by the client's TCP, to a factor of two. "
     "What "
     "a socket writes while eight of its segments wait is acknowledged, but not timed."},
    {Metric::unsent_bytes, "fanfare_unsent_bytes", MetricType::Gauge, "shard",
     "Bytes that the process has written to open client sockets and TCP has not sent; at most 5 s "
     "old."},
    {Metric::unsent_bytes_lost, "fanfare_unsent_bytes_lost_total", MetricType::Counter,
     "shard,reason", "Bytes that TCP had not sent when their socket died; they never left."},
    {Metric::oldest_unsent, "fanfare_oldest_unsent_seconds", MetricType::Gauge, "shard",
     "How long the client that waits longest has had unsent bytes without progress; 0: none."},
    {Metric::oldest_unacked, "fanfare_oldest_unacked_seconds", MetricType::Gauge, "shard",
     "Age of the oldest message that waits for its acknowledgement; 0: none."},
    {Metric::sockets_behind, "fanfare_sockets_behind", MetricType::Gauge, "shard,pace",
     "Open client sockets where something has waited, unsent or unacknowledged: slow for 5 s, "
     "stuck for 30 s or longer."},
    {Metric::sockets_silent, "fanfare_sockets_silent", MetricType::Gauge, "shard,age",
     "Open client sockets that get nothing while the shard emits: no event for 5 min, or none in "
     "the first minute and since; by the age of the socket, up to the value of the label."},
    {Metric::sockets_judged, "fanfare_sockets_judged", MetricType::Gauge, "shard,age",
     "Open client sockets that are a minute old or older while the shard emits: those that can be "
     "silent."},
    {Metric::sockets_by_hop, "fanfare_sockets_by_hop", MetricType::Gauge, "shard,hop",
     "Open client sockets whose peer is on another host (edge) or on this one (inner: a proxy, a "
     "sidecar)."},
    {Metric::bookkeeping_error, "fanfare_bookkeeping_error", MetricType::Gauge, "shard",
     "By how much written = acked + lost + unknown + in flight does not hold; anything but 0 is a "
     "defect of fanfare."},
    {Metric::events_accepted, "fanfare_events_accepted_total", MetricType::Counter, "shard",
     "Events that this node took from its clients: messages in of class event, and the requests "
     "of clients.publishes that were answered 2xx."},
    {Metric::event_copies, "fanfare_event_copies_total", MetricType::Counter, "shard",
     "Event messages written to client sockets; where identities are read, without those to the "
     "publisher itself."},
    {Metric::events_reached, "fanfare_events_reached_total", MetricType::Counter, "shard,origin",
     "Distinct events with at least one copy to another client than the publisher, of those in "
     "fanfare_events_due_total; absent where the configuration names no identity."},
    {Metric::events_due, "fanfare_events_due_total", MetricType::Counter, "shard,origin",
     "Events that this node had to copy to its clients: new command entries of the shard's log "
     "(origin remote); without replication the events accepted here (origin local), with identity "
     "those whose identity was read."},
    {Metric::propagation_lag, "fanfare_propagation_lag_seconds", MetricType::Histogram, "shard",
     "From an event's coming due on this node (its entry has arrived, a client here has published "
     "it) to its first copy; events that nobody got are not in it. Only where the configuration "
     "names an identity."},
    {Metric::replication_rpcs, "fanfare_replication_rpcs_total", MetricType::Counter,
     "shard,protocol,direction,src,dst,kind",
     "Replication RPCs from node src to node dst: append carries entries, append_empty none "
     "(commit index, probe), heartbeat is the timer's own, vote includes pre-votes. A peer without "
     "a name is its address."},
    {Metric::replication_entries, "fanfare_replication_entries_total", MetricType::Counter,
     "shard,protocol,direction,src,dst",
     "Log entries of any kind in the appends from node src to node dst, sent again or not."},
    {Metric::propagation, "fanfare_propagation_ratio", MetricType::Gauge, "shard,signal,peer",
     "Over the last settled seconds: reached events over due (signal reach), copies over due "
     "(copies), confirmed entries over sent to a peer (replication), acked events over those "
     "acked or lost (ack_fate), accepted events over those expected by the last hour "
     "(accepted); and where more is worse: events lost for each closed socket, sent or not "
     "(close_loss), silent sockets over judged ones (silence), stuck sockets over readable ones "
     "(stuck); absent while unknown. Compare it with fanfare_propagation_normal."},
    {Metric::normal, "fanfare_propagation_normal", MetricType::Gauge, "shard,signal,peer",
     "What fanfare_propagation_ratio is when all is well; absent while it is being learned."},
    {Metric::evidence, "fanfare_evidence", MetricType::Gauge, "shard,signal,peer",
     "Evidence that something is lost, in nats: e^evidence to 1 against nothing being lost."},
    {Metric::loss_estimate, "fanfare_loss_estimate", MetricType::Gauge, "shard,signal,peer",
     "Share of what was due that is missing since the loss began, 0 to 1; 0 without evidence. Of "
     "silence, stuck and close_loss: of what fares well in health, the share that does not."},
    {Metric::detectable_loss, "fanfare_detectable_loss", MetricType::Gauge, "shard,signal,peer",
     "Smallest share lost that five more minutes of this traffic would prove; 1 means that not "
     "even a total loss would be."},
    {Metric::alerts_firing, "fanfare_alerts_firing", MetricType::Gauge, "alertname,severity",
     "Alerts of this agent that fire now, over all its shards and peers."},
    {Metric::alert_posts, "fanfare_alert_posts_total", MetricType::Counter, "target,result",
     "Posts of alerts to each Alertmanager, by whether it took them."},
    {Metric::capture_losses, "fanfare_capture_losses_total", MetricType::Counter, "reason",
     "What was not counted, by reason, in the unit of the reason (sockets, segments, messages, "
     "events, times, or seconds); 0 means that nothing was lost."},
    {Metric::attached, "fanfare_attached", MetricType::Gauge, "",
     "1 while the kernel programs are attached to the cgroup that has the path now, 0 while they "
     "are not; looked at each second."},
    {Metric::self_check, "fanfare_self_check_success", MetricType::Gauge, "",
     "1 while the agent's own message, each three seconds, is in its counters; 0 while it is not, "
     "or while none can be sent."},
    {Metric::shard_losses, "fanfare_shard_losses_total", MetricType::Counter, "shard,direction",
     "What could not be counted of one shard: of its client sockets, of those to its peers, and on "
     "its ports, in the unit of each reason. What clients send (in) never hides what left (out)."},
    {Metric::shards_over_limit, "fanfare_shards_over_limit", MetricType::Gauge, "",
     "Listeners that share the label shard=\"other\" because limits.shards is reached."},
    {Metric::bpf_runs, "fanfare_bpf_runs_total", MetricType::Counter, "program",
     "Runs of a kernel program; stays 0 while kernel.bpf_stats_enabled is off."},
    {Metric::bpf_run_seconds, "fanfare_bpf_run_seconds_total", MetricType::Counter, "program",
     "Seconds of CPU time spent in a kernel program; stays 0 while kernel.bpf_stats_enabled is "
     "off."},
    {Metric::tick_seconds, "fanfare_tick_seconds", MetricType::Gauge, "",
     "Seconds of CPU time that the agent's last reading of the kernel took."},
    {Metric::map_entries, "fanfare_map_entries", MetricType::Gauge, "map",
     "Entries in use in a kernel map."},
    {Metric::map_capacity, "fanfare_map_capacity", MetricType::Gauge, "map",
     "Entries that a kernel map can hold; past it sockets are not counted."},
    {Metric::config_reload_ok, "fanfare_config_last_reload_successful", MetricType::Gauge, "",
     "1 if the last reading of the configuration succeeded, 0 if the one before is still in use."},
    {Metric::address_info, "fanfare_address_info", MetricType::Gauge, "address",
     "Always 1; an address of this node that its replication sockets use, or of a pod on it that "
     "is of a shard with replication, to join peers that are known by address only with the node "
     "behind it."},
    {Metric::kubernetes_up, "fanfare_kubernetes_up", MetricType::Gauge, "",
     "1 while the API server names the pods of this node, 0 while it does not and the last known "
     "names are used; absent where none is asked."},
    {Metric::kubernetes_pods, "fanfare_kubernetes_pods", MetricType::Gauge, "",
     "Pods of this node that are known; absent where no API server is asked."},
    {Metric::build_info, "fanfare_build_info", MetricType::Gauge, "version",
     "Always 1; the version of the agent is in the label."},
    {Metric::start_time, "fanfare_start_time_seconds", MetricType::Gauge, "",
     "Start of the agent in seconds since 1970-01-01 UTC."},
}};

constexpr bool each_at_its_index() {
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    if (static_cast<std::size_t>(catalogue[i].metric) != i || catalogue[i].name.empty()) {
      return false;
    }
  }
  return true;
}
static_assert(each_at_its_index(), "a value of enum Metric has no entry or stands elsewhere");

}  // namespace

const std::array<MetricEntry, static_cast<std::size_t>(Metric::count)>& metrics_catalogue() {
  return catalogue;
}

std::string_view type_text(MetricType type) {
  if (type == MetricType::Histogram) return "histogram";
  return type == MetricType::Counter ? "counter" : "gauge";
}

std::string metrics_reference() {
  std::string text =
      "All metrics carry the labels `cluster` and `node`; the further labels stand beside each.\n\n"
      "| metric | type | further labels | meaning |\n|---|---|---|---|\n";
  for (const MetricEntry& entry : catalogue) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", entry.name, type_text(entry.type),
                        entry.labels, entry.help);
  }
  return text;
}

}  // namespace fanfare
