// SPDX-License-Identifier: Apache-2.0
// Finds records whose socket's end no program has seen: the kernel may skip a program (while
// another one is at work on the CPU, say), and then nobody else will say so. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "agent/kernel/snapshot.h"

namespace fanfare {

// TCP has given up on whatever nobody holds long before. What a process keeps without a descriptor
// (io_uring's direct ones) moves in that time, or is of no use to it.
inline constexpr std::chrono::hours forgotten_after{24};

class Unheld {
 public:
  // Places in the snapshot of live records whose socket has neither been held by any process nor
  // moved for `forgotten_after`. None where the owners of some sockets cannot be seen.
  std::vector<std::size_t> advance(const Snapshot& snapshot);

 private:
  struct Stand {
    std::uint64_t moves = 0;  // of the sequence numbers, a sum that no two states share for long
    Monotonic since{};
  };

  std::unordered_map<std::uint64_t, Stand> stands_;  // by cookie
  std::shared_ptr<const Owners> owners_;             // of the last call
};

}  // namespace fanfare
