// SPDX-License-Identifier: Apache-2.0
// The identities of events: the counters that the programs keep for each shard, and the ageing of
// what they have seen. Included only inside this room.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/kernel/knobs.h"
#include "agent/kernel/probes.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

class ReachReader {
 public:
  ReachReader(const Probes& probes, const Knobs& knobs);

  // Puts the counters into the snapshot, and turns the maps where that is due at snapshot.taken.
  // The fill that it reports is of the map emptied last: all the identities of one turn. Nothing
  // where no shard has `identity`. Throws std::system_error.
  void read(Snapshot& snapshot);

 private:
  void turn_maps(Monotonic now);

  std::uint32_t& turn_;
  std::uint8_t (&full_)[2];  // by turn
  int maps_[2];              // by turn
  int totals_;
  std::vector<std::uint32_t> places_;  // of shards with `identity`
  std::size_t shards_;
  std::uint32_t capacity_;
  std::uint64_t filled_ = 0;
  std::optional<Monotonic> turned_;
};

}  // namespace fanfare
