// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/client_rules.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "agent/kernel/class_rules.h"
#include "agent/kernel/identity_rule.h"

namespace fanfare {
namespace {

bool identifies(const ShardKnobs& shard) { return shard.identity.kind != Identity::Kind::none; }

// Where several shards name a port, the first has it.
void set_ports(fanfare_bpf& skeleton, const std::vector<std::uint16_t>& ports, std::uint8_t rule) {
  for (const auto port : ports)
    if (auto& held = skeleton.bss->client_rule_of_port[port]; !held) held = rule;
}

// One for each identity of both maps: none is reused while its identity is known.
std::uint32_t event_records(const Knobs& knobs) { return std::bit_ceil(2 * knobs.identities); }

void set_rooms(fanfare_bpf& skeleton, const Knobs& knobs) {
  const bool any = std::any_of(knobs.shards.begin(), knobs.shards.end(), has_rooms);
  const std::uint32_t records = any ? event_records(knobs) : 1;
  bpf_map__set_max_entries(skeleton.maps.events, records);
  bpf_map__set_max_entries(skeleton.maps.logs,
                           any ? static_cast<std::uint32_t>(knobs.shards.size()) : 1);
  skeleton.rodata->event_mask = records - 1;
  skeleton.rodata->rooms_enabled = any;
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
  set_rooms(skeleton, knobs);
  skeleton.rodata->identity_enabled = any_identity;
  skeleton.rodata->payloads_read = !places.empty();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const ShardKnobs& shard = knobs.shards[places[i]];
    auto rule = static_cast<std::uint8_t>(i);
    if (identifies(shard)) {
      skeleton.rodata->identity_rules[i] = identity_rule(shard.identity, places[i]);
      skeleton.rodata->identity_rules[i].replicates = !shard.replication_ports.empty();
      skeleton.rodata->room_rules[i] = room_rule(shard.room, places[i]);
      rule |= FANFARE_RULE_IDENTITY;
    }
    if (tells(shard.classes)) {
      skeleton.rodata->class_rules[i] = class_rule_of(shard.classes);
      skeleton.rodata->classes_enabled = 1;
      rule |= FANFARE_RULE_CLASSES;
    }
    set_ports(skeleton, shard.client_ports, rule);
    if (has_rooms(shard)) set_ports(skeleton, shard.replication_ports, rule);
  }
}

}  // namespace fanfare
