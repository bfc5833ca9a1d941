// SPDX-License-Identifier: Apache-2.0
// From cumulative totals to what has happened between two snapshots: the one place where resets,
// counters that wrap and missed ticks are settled. Plain values; they cross the doorway to ratios.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/snapshot.h"
#include "agent/model/events.h"
#include "agent/model/shards.h"

namespace fanfare {

struct PeerDelta {
  std::string name;
  std::uint64_t entries_out = 0;
  std::uint64_t entries_in = 0;
  std::uint64_t rpcs_out = 0;  // of any kind, heartbeats included
  std::uint64_t rpcs_in = 0;
  std::uint64_t answers_in = 0;  // the peer answered: it lives
  // Not deltas: where the peer stands now. 0: not known.
  std::uint64_t sent_index = 0;
  std::uint64_t confirmed_index = 0;
  std::uint64_t sockets = 0;
  std::uint64_t losses = 0;  // of its sockets; a delta
};

// One shard on this node between two snapshots.
struct ShardDelta {
  std::string shard;
  std::chrono::nanoseconds at{};    // CLOCK_MONOTONIC of the later snapshot
  std::chrono::nanoseconds span{};  // since the earlier one; a tick that failed makes it longer
  std::uint64_t published = 0;      // events in from clients, over their sockets and over HTTP
  std::uint64_t accepted = 0;       // of them, those whose fate is followed: with identity, if read
  std::uint64_t commands = 0;       // new log entries to be copied, see Shard::commands
  std::uint64_t reached = 0;
  std::uint64_t reached_local = 0;  // of them, those published by clients of this node
  std::uint64_t copies = 0;         // event messages out, the publisher's own left out where known
  std::uint64_t own_copies = 0;     // to the publisher; 0 without identity
  std::uint64_t events_out = 0;     // event messages out, and their bytes
  std::uint64_t event_bytes_out = 0;
  std::uint64_t unidentified = 0;
  std::uint64_t sockets_synced = 0;    // now
  std::uint64_t sockets_unsynced = 0;  // those that something has left by
  std::uint64_t sockets_dark = 0;      // same
  LossDelta losses{};
  bool blind = false;  // the programs were not attached, or did not count
  // Between the snapshots, but for its gauges; bookkeeping_error too is what is new. Of the edge
  // sockets where there are any, see Delivery::edge.
  Delivery delivery{};
  std::uint64_t sockets_opened = 0;
  bool replicates = false;
  bool identifies = false;
  Absence absence = Absence::no;  // now: expected on this host, without a listener or a socket
  // Now, see Shard.
  std::chrono::nanoseconds empty_for{};
  Wall last_socket{};
  std::vector<PeerDelta> peers;
  bool has_rooms = false;  // the configuration says how the room of an event is read
  EventOutcomes events{};
  double late_seconds = 5;                     // from here on a copy is late
  std::optional<double> lag_median_seconds{};  // where single events are not known
};

class Deltas {
 public:
  // One for each shard of `model` that the previous model had too: what a shard counted before it
  // was first seen is of no known second. A counter that falls (the agent never lets one fall, a
  // recording may) starts anew and gives 0.
  std::vector<ShardDelta> advance(const Snapshot& snapshot, const Model& model);

 private:
  std::map<std::string, Shard> last_;
  std::array<std::uint64_t, FANFARE_LOSS_COUNT> last_losses_{};
  Monotonic last_taken_{};  // of last_, once there is one
};

}  // namespace fanfare
