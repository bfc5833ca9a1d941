// SPDX-License-Identifier: Apache-2.0
// A tally as a value that tests compare for equality and print when they differ.
#pragma once

#include <cstdint>
#include <ostream>

#include "bpf/abi.h"

namespace fanfare::test {

struct Counts {
  std::uint64_t frames = 0;
  std::uint64_t events = 0;
  std::uint64_t event_bytes = 0;
  std::uint64_t controls = 0;
  std::uint64_t control_bytes = 0;

  bool operator==(const Counts&) const = default;
};

inline Counts counts(const fanfare_direction& direction) {
  const fanfare_tally& tally = direction.tally;
  return {tally.frames, tally.by_class[FANFARE_EVENT].messages, tally.by_class[FANFARE_EVENT].bytes,
          tally.by_class[FANFARE_CONTROL].messages, tally.by_class[FANFARE_CONTROL].bytes};
}

inline std::ostream& operator<<(std::ostream& out, const Counts& c) {
  return out << c.frames << " frames, " << c.events << " events of " << c.event_bytes << " B, "
             << c.controls << " controls of " << c.control_bytes << " B";
}

}  // namespace fanfare::test
