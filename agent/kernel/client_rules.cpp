// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/client_rules.h"

#include <algorithm>
#include <cstdint>

#include "agent/kernel/class_rules.h"
#include "agent/kernel/identity_rule.h"

namespace fanfare {
namespace {

bool identifies(const ShardKnobs& shard) { return shard.identity.kind != Identity::Kind::none; }

// Where several shards name a port, the first has it.
void set_ports(fanfare_bpf& skeleton, const ShardKnobs& shard, std::uint8_t rule) {
  for (const auto port : shard.client_ports)
    if (auto& held = skeleton.bss->client_rule_of_port[port]; !held) held = rule;
}

}  // namespace

void set_client_rules(fanfare_bpf& skeleton, const Knobs& knobs) {
  const auto places = places_that_read(knobs);
  const bool any_identity = std::any_of(knobs.shards.begin(), knobs.shards.end(), identifies);
  const auto entries = any_identity ? knobs.identities : 1;
  bpf_map__set_max_entries(skeleton.maps.identities_a, entries);
  bpf_map__set_max_entries(skeleton.maps.identities_b, entries);
  if (any_identity)
    bpf_map__set_max_entries(skeleton.maps.reach, static_cast<std::uint32_t>(knobs.shards.size()));
  skeleton.rodata->identity_enabled = any_identity;
  skeleton.rodata->payloads_read = !places.empty();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const ShardKnobs& shard = knobs.shards[places[i]];
    auto rule = static_cast<std::uint8_t>(i);
    if (identifies(shard)) {
      skeleton.rodata->identity_rules[i] = identity_rule(shard.identity, places[i]);
      rule |= FANFARE_RULE_IDENTITY;
    }
    if (tells(shard.classes)) {
      skeleton.rodata->class_rules[i] = class_rule_of(shard.classes);
      skeleton.rodata->classes_enabled = 1;
      rule |= FANFARE_RULE_CLASSES;
    }
    set_ports(skeleton, shard, rule);
  }
}

}  // namespace fanfare
