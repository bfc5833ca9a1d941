// SPDX-License-Identifier: Apache-2.0
// A Source that has an end, and its own time: what `fanfare replay` ticks through the pipeline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/source.h"

namespace fanfare {

class Replayed : public Source {
 public:
  struct Instant {
    Monotonic monotonic{};
    Wall wall{};
  };

  // What was in force from a snapshot on, where that was recorded.
  struct Beginning {
    bool anew = true;  // another run of the agent: counters start again
    Config config{};
    std::string state{};  // Pipeline::save()
  };

  // When the next snapshot is due; pass it to read(). Empty at the end.
  virtual std::optional<Instant> next() = 0;
  // What the next snapshot begins; told once.
  virtual std::optional<Beginning> beginning() { return std::nullopt; }
  // What to know about the file, as sentences for people; complete at the end.
  virtual std::vector<std::string> notes() const = 0;
  // Why the file ended before its end, empty where it did not: what was read before is right.
  virtual std::string fault() const = 0;
};

}  // namespace fanfare
