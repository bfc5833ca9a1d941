// SPDX-License-Identifier: Apache-2.0
// What the tables show. The squeezes name columns by key, least important first.
#include <algorithm>

#include "agent/cli/listing.h"

namespace fanfare {
namespace {

struct Concession {
  std::string_view key;
  std::size_t width = 0;  // 0: drop the column
};

std::vector<Squeeze> squeezes_of(const std::vector<Field>& fields,
                                 const std::vector<Concession>& concessions) {
  std::vector<Squeeze> squeezes;
  squeezes.reserve(concessions.size());
  for (const Concession& concession : concessions) {
    const auto field = std::find_if(fields.begin(), fields.end(), [&concession](const Field& f) {
      return f.key == concession.key;
    });
    squeezes.push_back({static_cast<std::size_t>(field - fields.begin()), concession.width});
  }
  return squeezes;
}

const std::vector<Field> shard_fields = {
    {"shard", "shard", "SHARD", Kind::text},
    {"synced", "sockets.synced", "SYNCED", Kind::count},
    {"unsynced", "sockets.unsynced", "UNSYNCED", Kind::count},
    {"coverage", "coverage", "COVERAGE", Kind::coverage},
    {"propagation", "worst", "PROPAGATION", Kind::propagation},
    {"events_out", "events_out", "EVENTS_OUT", Kind::count},
    {"events_out_per_second", "events_out_per_second", "OUT/S", Kind::rate},
    {"events_in", "events_in", "EVENTS_IN", Kind::count},
    {"events_in_per_second", "events_in_per_second", "IN/S", Kind::rate},
    {"due", "due", "DUE", Kind::count},
    {"reached", "reached", "REACHED", Kind::count},
    {"copies", "copies", "COPIES", Kind::count},
    {"accepted", "accepted", "ACCEPTED", Kind::count},
    {"acked", "delivery.acked", "ACKED", Kind::count},
    {"in_flight", "delivery.in_flight", "IN_FLIGHT", Kind::count},
    {"lost", "delivery.lost", "LOST", Kind::count},
    {"unknown", "delivery.unknown", "UNKNOWN", Kind::count},
    {"unsent_bytes", "delivery.unsent_bytes", "UNSENT", Kind::count},
    {"slow", "delivery.slow", "SLOW", Kind::count},
    {"stuck", "delivery.stuck", "STUCK", Kind::count},
    {"silent", "delivery.silent", "SILENT", Kind::count},
    {"oldest_unacked_seconds", "delivery.oldest_unacked_seconds", "OLDEST_UNACKED", Kind::age},
    {"oldest_unsent_seconds", "delivery.oldest_unsent_seconds", "OLDEST_UNSENT", Kind::age},
    {"edge", "delivery.edge", "EDGE", Kind::count},
    {"inner", "delivery.inner", "INNER", Kind::count},
    {"heartbeats_out", "heartbeats_out", "HEARTBEATS_OUT", Kind::count},
    {"control_out", "control_out", "CONTROL_OUT", Kind::count},
    {"control_in", "control_in", "CONTROL_IN", Kind::count},
    {"other_out", "other_out", "OTHER_OUT", Kind::count},
    {"frames_out", "frames_out", "FRAMES_OUT", Kind::count},
    {"frames_in", "frames_in", "FRAMES_IN", Kind::count},
    {"message_bytes_out", "message_bytes_out", "MSG_BYTES_OUT", Kind::count},
    {"message_bytes_in", "message_bytes_in", "MSG_BYTES_IN", Kind::count},
    {"opened", "opened", "OPENED", Kind::count},
    {"closed_peer", "closed.peer", "CLOSED_PEER", Kind::count},
    {"closed_local", "closed.local", "CLOSED_LOCAL", Kind::count},
    {"closed_timeout", "closed.timeout", "CLOSED_TIMEOUT", Kind::count},
};

const std::vector<Concession> shard_concessions = {
    {"edge"},
    {"inner"},
    {"oldest_unsent_seconds"},
    {"oldest_unacked_seconds"},
    {"unknown"},
    {"other_out"},
    {"heartbeats_out"},
    {"frames_in"},
    {"control_in"},
    {"message_bytes_in"},
    {"frames_out"},
    {"control_out"},
    {"closed_local"},
    {"closed_peer"},
    {"closed_timeout"},
    {"message_bytes_out"},
    {"opened"},
    {"in_flight"},
    {"acked"},
    {"slow"},
    {"accepted"},
    {"copies"},
    {"reached"},
    {"due"},
    {"unsent_bytes"},
    {"silent"},
    {"events_in_per_second"},
    {"events_in"},
    {"lost"},
    {"stuck"},
    {"shard", 24},
    {"unsynced"},
    {"shard", 12},
    {"events_out_per_second"},
    {"synced"},
    {"shard", 8},
    {"events_out"},
};

const std::vector<Field> socket_fields = {
    {"cookie", "cookie", "COOKIE", Kind::id},
    {"shard", "shard", "SHARD", Kind::text},
    {"remote", "remote", "REMOTE", Kind::text},
    {"local", "local", "LOCAL", Kind::text},
    {"state", "state", "STATE", Kind::text},
    {"events_out", "events_out", "EVENTS_OUT", Kind::count},
    {"events_in", "events_in", "EVENTS_IN", Kind::count},
    {"last_event_seconds", "last_event_seconds", "LAST", Kind::age},
    {"acked", "acked", "ACKED", Kind::count},
    {"in_flight", "in_flight", "IN_FLIGHT", Kind::count},
    {"pace", "pace", "PACE", Kind::text},
    {"unsent_bytes", "unsent_bytes", "UNSENT", Kind::count},
    {"unsent_seconds", "unsent_seconds", "UNSENT_FOR", Kind::age},
    {"unacked_seconds", "unacked_seconds", "UNACKED_FOR", Kind::age},
    {"hop", "hop", "HOP", Kind::text},
    {"srtt_us", "srtt_us", "SRTT_US", Kind::count},
    {"opened_seconds", "opened_seconds", "OPEN", Kind::age},
    {"heartbeats_out", "heartbeats_out", "HEARTBEATS_OUT", Kind::count},
    {"control_out", "control_out", "CONTROL_OUT", Kind::count},
    {"control_in", "control_in", "CONTROL_IN", Kind::count},
    {"other_out", "other_out", "OTHER_OUT", Kind::count},
    {"frames_out", "frames_out", "FRAMES_OUT", Kind::count},
    {"frames_in", "frames_in", "FRAMES_IN", Kind::count},
    {"bytes_out", "bytes_out", "BYTES_OUT", Kind::count},
    {"bytes_in", "bytes_in", "BYTES_IN", Kind::count},
    {"pid", "pid", "PID", Kind::id},
    {"comm", "comm", "COMM", Kind::text},
    {"reason", "reason", "REASON", Kind::text},
    {"netns", "netns", "NETNS", Kind::id},
    {"pod", "pod", "POD", Kind::text},
    {"container", "container", "CONTAINER", Kind::text},
    {"unit", "unit", "UNIT", Kind::text},
    {"namespace", "namespace", "NAMESPACE", Kind::text},
    {"cgroup", "cgroup", "CGROUP", Kind::text},
    {"role", "role", "ROLE", Kind::text},
    {"protocol", "protocol", "PROTOCOL", Kind::text},
    {"entries_out", "entries_out", "ENTRIES_OUT", Kind::count},
    {"entries_in", "entries_in", "ENTRIES_IN", Kind::count},
    {"losses_out", "losses_out", "LOSSES_OUT", Kind::count},
    {"losses_in", "losses_in", "LOSSES_IN", Kind::count},
};

const std::vector<Concession> socket_concessions = {
    {"losses_in"},       {"losses_out"},
    {"protocol"},        {"role"},
    {"entries_in"},      {"entries_out"},
    {"netns"},           {"hop"},
    {"other_out"},       {"heartbeats_out"},
    {"frames_in"},       {"control_in"},
    {"bytes_in"},        {"frames_out"},
    {"control_out"},     {"cookie"},
    {"bytes_out"},       {"cgroup"},
    {"namespace"},       {"unit"},
    {"srtt_us"},         {"pid"},
    {"container"},       {"comm"},
    {"local"},           {"pod"},
    {"reason"},          {"unsent_seconds"},
    {"unacked_seconds"}, {"in_flight"},
    {"opened_seconds"},  {"acked"},
    {"unsent_bytes"},    {"pace"},
    {"shard", 20},       {"remote", 21},
    {"events_in"},       {"shard", 10},
    {"remote", 12},      {"last_event_seconds"},
    {"state"},
};

const std::vector<Field> peer_fields = {
    {"shard", "shard", "SHARD", Kind::text},
    {"peer", "peer", "PEER", Kind::text},
    {"address", "address", "ADDRESS", Kind::text},
    {"synced", "sockets.synced", "SYNCED", Kind::count},
    {"unsynced", "sockets.unsynced", "UNSYNCED", Kind::count},
    {"entries_out", "entries_out", "ENTRIES_OUT", Kind::count},
    {"entries_in", "entries_in", "ENTRIES_IN", Kind::count},
    {"behind", "behind", "BEHIND", Kind::count},
    {"stalled_seconds", "stalled_seconds", "STALLED", Kind::age},
    {"sent_index", "sent_index", "SENT_INDEX", Kind::id},
    {"confirmed_index", "confirmed_index", "CONFIRMED_INDEX", Kind::id},
    {"received_index", "received_index", "RECEIVED_INDEX", Kind::id},
    {"commands_out", "commands_out", "COMMANDS_OUT", Kind::count},
    {"commands_in", "commands_in", "COMMANDS_IN", Kind::count},
    {"append_out", "rpcs_out.append", "APPEND_OUT", Kind::count},
    {"append_in", "rpcs_in.append", "APPEND_IN", Kind::count},
    {"append_empty_out", "rpcs_out.append_empty", "APPEND_EMPTY_OUT", Kind::count},
    {"append_empty_in", "rpcs_in.append_empty", "APPEND_EMPTY_IN", Kind::count},
    {"heartbeat_out", "rpcs_out.heartbeat", "HEARTBEAT_OUT", Kind::count},
    {"heartbeat_in", "rpcs_in.heartbeat", "HEARTBEAT_IN", Kind::count},
    {"vote_out", "rpcs_out.vote", "VOTE_OUT", Kind::count},
    {"vote_in", "rpcs_in.vote", "VOTE_IN", Kind::count},
    {"snapshot_out", "rpcs_out.snapshot", "SNAPSHOT_OUT", Kind::count},
    {"snapshot_in", "rpcs_in.snapshot", "SNAPSHOT_IN", Kind::count},
    {"other_out", "rpcs_out.other", "OTHER_OUT", Kind::count},
    {"other_in", "rpcs_in.other", "OTHER_IN", Kind::count},
    {"answers_out", "answers_out", "ANSWERS_OUT", Kind::count},
    {"answers_in", "answers_in", "ANSWERS_IN", Kind::count},
    {"protocol", "protocol", "PROTOCOL", Kind::text},
};

const std::vector<Concession> peer_concessions = {
    {"answers_out"},      {"answers_in"},      {"other_out"},  {"other_in"},
    {"snapshot_out"},     {"snapshot_in"},     {"vote_out"},   {"vote_in"},
    {"append_empty_out"}, {"append_empty_in"}, {"append_out"}, {"append_in"},
    {"commands_out"},     {"commands_in"},     {"protocol"},   {"heartbeat_out"},
    {"heartbeat_in"},     {"received_index"},  {"sent_index"}, {"synced"},
    {"address"},          {"confirmed_index"}, {"shard", 16},  {"unsynced"},
    {"peer", 16},         {"shard", 8},        {"peer", 8},    {"stalled_seconds"},
};

const std::vector<Field> alert_fields = {
    {"severity", "severity", "SEVERITY", Kind::severity},
    {"state", "state", "STATE", Kind::text},
    {"since_seconds", "since_seconds", "FOR", Kind::age},
    {"alertname", "alertname", "ALERT", Kind::text},
    {"shard", "shard", "SHARD", Kind::text},
    {"peer", "peer", "PEER", Kind::text},
    {"step", "step", "STEP", Kind::text},
    {"summary", "summary", "SUMMARY", Kind::text},
};

const std::vector<Concession> alert_concessions = {
    {"summary", 20}, {"summary"}, {"step"}, {"shard", 12}, {"peer", 8}, {"shard", 8}, {"peer"},
};

}  // namespace

const ListingShape& shards_listing() {
  static const ListingShape shape = {shard_fields, squeezes_of(shard_fields, shard_concessions),
                                     "shard", "shard"};
  return shape;
}

const ListingShape& sockets_listing() {
  static const ListingShape shape = {socket_fields, squeezes_of(socket_fields, socket_concessions),
                                     "events_out", "cookie"};
  return shape;
}

const ListingShape& peers_listing() {
  static const ListingShape shape = {peer_fields, squeezes_of(peer_fields, peer_concessions),
                                     "shard", "peer"};
  return shape;
}

const ListingShape& alerts_listing() {
  static const ListingShape shape = {alert_fields, squeezes_of(alert_fields, alert_concessions), "",
                                     "alertname"};
  return shape;
}

}  // namespace fanfare
