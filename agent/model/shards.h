// SPDX-License-Identifier: Apache-2.0
// What the model knows of each shard after a tick: cumulative totals that never fall, and gauges.
// Plain values; they cross the doorway to ratios and exports.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bpf/abi.h"

namespace fanfare {

// Cumulative since the agent's start, one direction.
struct DirectionTotals {
  std::uint64_t frames = 0;
  std::array<std::uint64_t, FANFARE_CLASS_COUNT> messages{};
  std::array<std::uint64_t, FANFARE_CLASS_COUNT> bytes{};
  bool operator==(const DirectionTotals&) const = default;
};

struct Shard {
  std::string name;
  DirectionTotals out;               // server to clients
  DirectionTotals in;                // clients to server
  std::uint64_t sockets_opened = 0;  // cumulative, seen to open as WebSocket or found at the start
  std::uint64_t closed_by_peer = 0;
  std::uint64_t closed_by_local = 0;
  std::uint64_t closed_by_timeout = 0;
  std::uint64_t sockets_synced = 0;    // gauge: counted
  std::uint64_t sockets_unsynced = 0;  // gauge: open, not counted
  bool operator==(const Shard&) const = default;
};

// `sockets` of a snapshot, beside their shard: shard_of[i] belongs to snapshot.flows[i].
inline constexpr std::uint32_t no_shard = UINT32_MAX;

struct Model {
  std::vector<Shard> shards;            // sorted by name
  std::vector<std::uint32_t> shard_of;  // index into shards, or no_shard
  std::uint64_t shards_over_limit = 0;  // listeners that went to shard "other"
};

}  // namespace fanfare
