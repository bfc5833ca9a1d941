// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/knobs.h"

#include <string>

#include "agent/config/start_error.h"
#include "bpf/abi.h"

namespace fanfare {

namespace {

std::uint8_t word_of(const ShardKnobs& shard) {
  const std::uint8_t publishes = shard.publishes.empty() ? 0 : FANFARE_PORT_PUBLISHES;
  switch (shard.protocol) {
    case ClientProtocol::mqtt:
      return FANFARE_MQTT;
    case ClientProtocol::sse:
      return FANFARE_SSE | publishes;
    case ClientProtocol::websocket:
      break;
  }
  return publishes;
}

}  // namespace

bool reads_clients(const ShardKnobs& shard) {
  return shard.identity.kind != Identity::Kind::none || tells(shard.classes);
}

bool has_rooms(const ShardKnobs& shard) {
  return shard.identity.kind != Identity::Kind::none && shard.room.kind != Room::Kind::none;
}

std::map<std::uint16_t, std::uint8_t> client_protocols(const std::vector<ShardKnobs>& shards) {
  std::map<std::uint16_t, std::uint8_t> words;
  for (const ShardKnobs& shard : shards)
    for (const auto port : shard.protocol_ports) words.emplace(port, word_of(shard));
  return words;
}

std::vector<std::uint32_t> places_that_publish(const std::vector<ShardKnobs>& shards) {
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < shards.size(); ++i)
    if (!shards[i].publishes.empty()) places.push_back(i);
  if (places.size() > FANFARE_PUBLISH_SETS_MAX)
    throw StartError(std::to_string(places.size()) + " shards have clients.publishes; at most " +
                         std::to_string(FANFARE_PUBLISH_SETS_MAX) + " may",
                     "leave them out of some shards", exit_usage);
  return places;
}

std::vector<std::uint32_t> places_that_read(const Knobs& knobs) {
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < knobs.shards.size(); ++i)
    if (reads_clients(knobs.shards[i])) places.push_back(i);
  if (places.size() > FANFARE_CLIENT_RULES_MAX)
    throw StartError(std::to_string(places.size()) +
                         " shards have clients.events, heartbeats or identity; at most " +
                         std::to_string(FANFARE_CLIENT_RULES_MAX) + " may",
                     "leave them out of some shards", exit_usage);
  return places;
}

Knobs knobs_of(const Config& config) {
  Knobs knobs{.sockets = config.limits.sockets, .identities = config.limits.identities};
  for (const ShardRule& rule : config.shards) {
    ShardKnobs& shard = knobs.shards.emplace_back();
    shard.identity = rule.identity;
    shard.room = rule.room;
    shard.classes = rule.classes;
    if (reads_clients(shard)) shard.client_ports = rule.match.listen_ports;
    shard.protocol = rule.protocol;
    shard.publishes = rule.publishes;
    if (word_of(shard) != 0) shard.protocol_ports = rule.match.listen_ports;
    if (rule.replication) shard.replication_ports = rule.replication->ports;
  }
  return knobs;
}

}  // namespace fanfare
