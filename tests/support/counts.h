// SPDX-License-Identifier: Apache-2.0
// A tally as a value that tests compare for equality and print when they differ.
#pragma once

#include <array>
#include <cstddef>
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

// By enum fanfare_class: messages, and payload bytes.
struct ClassCounts {
  std::array<std::uint64_t, FANFARE_CLASS_COUNT> messages{};
  std::array<std::uint64_t, FANFARE_CLASS_COUNT> bytes{};

  bool operator==(const ClassCounts&) const = default;
};

inline ClassCounts class_counts(const fanfare_direction& direction) {
  ClassCounts counts;
  for (std::size_t i = 0; i < counts.messages.size(); ++i) {
    counts.messages[i] = direction.tally.by_class[i].messages;
    counts.bytes[i] = direction.tally.by_class[i].bytes;
  }
  return counts;
}

inline std::ostream& operator<<(std::ostream& out, const ClassCounts& c) {
  constexpr std::array<const char*, FANFARE_CLASS_COUNT> names{"events", "heartbeats", "controls",
                                                               "others"};
  for (std::size_t i = 0; i < names.size(); ++i)
    out << c.messages[i] << " " << names[i] << " of " << c.bytes[i] << " B; ";
  return out;
}

inline std::ostream& operator<<(std::ostream& out, const Counts& c) {
  return out << c.frames << " frames, " << c.events << " events of " << c.event_bytes << " B, "
             << c.controls << " controls of " << c.control_bytes << " B";
}

}  // namespace fanfare::test
