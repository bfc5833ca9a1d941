// SPDX-License-Identifier: Apache-2.0
// A tally of replication RPCs as a value that tests compare for equality and print when they
// differ, and the starting points of a direction that carries them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ostream>

#include "bpf/framers/rpc.h"

namespace fanfare::test {

struct Rpcs {
  std::uint64_t frames = 0;  // RPCs of any kind, or answers
  std::uint64_t append = 0, append_empty = 0, heartbeat = 0, vote = 0, snapshot = 0, other = 0;
  std::uint64_t entries = 0, commands = 0;
  std::uint64_t first_index = 0, last_index = 0;

  bool operator==(const Rpcs&) const = default;
};

inline Rpcs rpcs(const fanfare_direction& direction) {
  const auto& tally = direction.tally.rpcs;
  return {direction.tally.frames,
          tally.append,
          tally.append_empty,
          tally.heartbeat,
          tally.vote,
          tally.snapshot,
          tally.other,
          tally.entries,
          tally.commands,
          direction.rpc.first_index,
          direction.rpc.last_index};
}

inline std::ostream& operator<<(std::ostream& out, const Rpcs& r) {
  return out << r.frames << " in all, " << r.append << " appends of " << r.entries << " entries, "
             << r.commands << " of them commands, from index " << r.first_index << " to "
             << r.last_index << ", " << r.append_empty << " empty, " << r.heartbeat
             << " heartbeats, " << r.vote << " votes, " << r.snapshot << " snapshots, " << r.other
             << " others";
}

// A connection followed from its first byte; `flags` is 0 or FANFARE_RESPONSES.
inline fanfare_direction requests(unsigned flags = 0, std::uint32_t seq = 1000) {
  fanfare_direction direction{};
  direction.flags = static_cast<std::uint8_t>(FANFARE_SEQ_KNOWN | flags);
  direction.stage = FANFARE_STAGE_RPC;
  direction.first_seq = direction.next_seq = seq;
  return direction;
}
inline fanfare_direction answers(std::uint32_t seq = 1000) {
  return requests(FANFARE_RESPONSES, seq);
}

// One that is older than the agent.
inline fanfare_direction older_rpcs(unsigned flags = 0) {
  fanfare_direction direction{};
  direction.flags = static_cast<std::uint8_t>(FANFARE_OLD | flags);
  direction.stage = FANFARE_STAGE_ANCHOR;
  return direction;
}

}  // namespace fanfare::test
