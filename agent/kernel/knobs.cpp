// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/knobs.h"

namespace fanfare {

Knobs knobs_of(const Config& config) {
  Knobs knobs{.sockets = config.limits.sockets, .identities = config.limits.identities};
  for (const ShardRule& rule : config.shards) {
    ShardKnobs& shard = knobs.shards.emplace_back();
    shard.identity = rule.identity;
    if (rule.identity.kind != Identity::Kind::none) shard.client_ports = rule.match.listen_ports;
    if (rule.replication) shard.replication_ports = rule.replication->ports;
  }
  return knobs;
}

}  // namespace fanfare
