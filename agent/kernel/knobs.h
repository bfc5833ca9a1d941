// SPDX-License-Identifier: Apache-2.0
// What the agent may set before the programs are loaded.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "agent/config/config.h"

namespace fanfare {

// What the kernel is told of a shard. A port has one owner: the first rule that names it.
struct ShardKnobs {
  Identity identity{};
  Room room{};  // read where `identity` is
  Classes classes{};
  std::vector<std::uint16_t> client_ports{};       // where identities or classes are read
  std::vector<std::uint16_t> replication_ports{};  // listened on by one node, dialled by another
  ClientProtocol protocol = ClientProtocol::websocket;
  std::vector<Publish> publishes{};
  // Where clients speak the protocol or publish; empty for WebSocket without publishes.
  std::vector<std::uint16_t> protocol_ports{};
  bool operator==(const ShardKnobs&) const = default;
};

// Whether the payloads of its clients are looked at.
bool reads_clients(const ShardKnobs& shard);

// Whether its events are followed one by one.
bool has_rooms(const ShardKnobs& shard);

struct Knobs {
  std::uint32_t sockets = 131072;      // records in the flow map
  std::uint32_t frame_budget = 65536;  // headers that one run may walk
  std::uint32_t rpc_budget = 16384;    // tokens of replication RPCs that one run may walk
  // What is held past a hole may give way after this time without the hole's bytes.
  std::chrono::nanoseconds held_at_most = std::chrono::minutes(1);
  std::uint32_t identities = 65536;  // entries of each of the two identity maps
  std::vector<ShardKnobs> shards{};  // parallel to Config::shards
};

// The word of client_protocol_of_port by port (see abi.h), where it is not 0.
std::map<std::uint16_t, std::uint8_t> client_protocols(const std::vector<ShardKnobs>& shards);

// The shards that have publishes, in order: their places in `shards`. Throws StartError where they
// are more than FANFARE_PUBLISH_SETS_MAX.
std::vector<std::uint32_t> places_that_publish(const std::vector<ShardKnobs>& shards);

// The shards that have a rule, in order: their places in Knobs::shards. Throws StartError where
// they are more than FANFARE_CLIENT_RULES_MAX.
std::vector<std::uint32_t> places_that_read(const Knobs& knobs);

Knobs knobs_of(const Config& config);

}  // namespace fanfare
