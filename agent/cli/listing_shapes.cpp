// SPDX-License-Identifier: Apache-2.0
// What the shards and sockets tables show. The squeezes name columns by key, least important first.
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
    {"events_out", "events_out", "EVENTS_OUT", Kind::count},
    {"events_out_per_second", "events_out_per_second", "OUT/S", Kind::rate},
    {"events_in", "events_in", "EVENTS_IN", Kind::count},
    {"events_in_per_second", "events_in_per_second", "IN/S", Kind::rate},
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
    {"events_in_per_second"},
    {"shard", 24},
    {"events_in"},
    {"unsynced"},
    {"shard", 12},
    {"events_out_per_second"},
    {"synced"},
    {"shard", 8},
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
    {"unsent_bytes", "unsent_bytes", "UNSENT", Kind::count},
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
    {"cgroup", "cgroup", "CGROUP", Kind::text},
};

const std::vector<Concession> socket_concessions = {
    {"netns"},      {"other_out"},      {"heartbeats_out"},
    {"frames_in"},  {"control_in"},     {"bytes_in"},
    {"frames_out"}, {"control_out"},    {"cookie"},
    {"bytes_out"},  {"cgroup"},         {"srtt_us"},
    {"pid"},        {"comm"},           {"local"},
    {"reason"},     {"opened_seconds"}, {"unsent_bytes"},
    {"shard", 20},  {"remote", 21},     {"events_in"},
    {"shard", 10},  {"remote", 12},     {"last_event_seconds"},
    {"state"},
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

}  // namespace fanfare
