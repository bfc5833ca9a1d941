// SPDX-License-Identifier: Apache-2.0
// A world seen through the judge and the board, second by second: what pages, when, why.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/chat_world.h"

namespace fanfare::sim {

// `first`: as the judge was before it knew of rooms and of single events: counts only.
enum class Edition { first = 1, second = 2 };

struct Change {
  Second at = 0;  // of the agent's life
  bool firing = false;
  bool critical = false;
  std::string name, why;
};

// How high the evidence of a signal has climbed each time between two returns to nothing: by whole
// nats, the times that it has reached so many. Of a test that keeps its promise, it reaches h nats
// not more often than once in e^h seconds.
inline constexpr double back_to_nothing = .5;
using Climbs = std::array<std::uint32_t, 24>;

struct Outcome {
  std::map<std::string, Climbs> climbs;  // by signal

  std::vector<Change> changes;  // alerts that began or ceased to fire, but for info
  Second seconds = 0;
  double due = 0, readable = 0, local = 0, copies = 0;

  // Whether a critical alert fires at `t`, and the first second from `t` on in which one does.
  std::optional<Second> first_page(Second from, Second until = for_ever) const;
  const Change* first_change(Second from, bool critical) const;
  bool fires_at(Second t) const;
  // The last second in which a critical alert ceased to fire and none went on.
  std::optional<Second> last_end() const;
  // Times that a critical alert began to fire while none did, within [from, until).
  int pages(Second from, Second until = for_ever) const;
};

struct Plan {
  WorldShape shape{};
  Laws laws{};
  Second seconds = 3600;
  Second state_lost_at = -1;  // a new judge and a new board from then on
  bool measures_climbs = false;
  bool stops_at_page = false;  // ... of a critical one, from `watched_from` on
  Second watched_from = 0;
};

Outcome play(const Plan& plan, std::uint64_t seed, Edition edition);

}  // namespace fanfare::sim
