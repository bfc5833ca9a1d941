// SPDX-License-Identifier: Apache-2.0
#include "agent/reload.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/kernel/knobs.h"

namespace fanfare {
namespace {

bool replicates(const Knobs& knobs) {
  return std::ranges::any_of(
      knobs.shards, [](const ShardKnobs& shard) { return !shard.replication_ports.empty(); });
}

// By place: sockets carry the place of their shard, see fanfare_direction.client_rule.
std::vector<std::pair<std::size_t, ShardKnobs>> readers(const Knobs& knobs) {
  std::vector<std::pair<std::size_t, ShardKnobs>> found;
  for (std::size_t i = 0; i < knobs.shards.size(); ++i) {
    const ShardKnobs& shard = knobs.shards[i];
    if (reads_clients(shard))
      found.push_back({i,
                       {.identity = shard.identity,
                        .room = shard.room,
                        .classes = shard.classes,
                        .client_ports = shard.client_ports}});
  }
  return found;
}

// A replication socket carries the place of its shard too, where the rooms of entries are read.
std::vector<std::vector<std::uint16_t>> entry_ports(const Knobs& knobs) {
  std::vector<std::vector<std::uint16_t>> found;
  for (const auto& shard : knobs.shards)
    if (has_rooms(shard)) found.push_back(shard.replication_ports);
  return found;
}

// In the order of their shards, which is what a socket carries.
std::vector<std::vector<Publish>> publishes(const Knobs& knobs) {
  std::vector<std::vector<Publish>> found;
  for (const auto& shard : knobs.shards)
    if (!shard.publishes.empty()) found.push_back(shard.publishes);
  return found;
}

}  // namespace

std::string fixed_key_changed(const Config& before, const Config& after) {
  if (before.listen != after.listen) return "listen";
  if (before.admin != after.admin) return "admin";
  if (before.cgroup != after.cgroup) return "cgroup";
  if (before.limits.sockets != after.limits.sockets) return "limits.sockets";
  if (before.limits.identities != after.limits.identities) return "limits.identities";
  const auto old_knobs = knobs_of(before), new_knobs = knobs_of(after);
  if (!replicates(old_knobs) && replicates(new_knobs)) return "the first shards[].replication";
  if (client_protocols(old_knobs.shards).empty() && !client_protocols(new_knobs.shards).empty())
    return "the first shards[].clients.protocol or publishes";
  if (publishes(old_knobs) != publishes(new_knobs)) return "shards[].clients.publishes";
  if (readers(old_knobs) != readers(new_knobs))
    return "shards[].clients.events, heartbeats, identity or room";
  if (entry_ports(old_knobs) != entry_ports(new_knobs))
    return "replication.ports of a shard with clients.room";
  return {};
}

}  // namespace fanfare
