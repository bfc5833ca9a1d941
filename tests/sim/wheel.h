// SPDX-License-Identifier: Apache-2.0
// What is due at some later second. Slots keep their memory, so that a turn of it allocates
// nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace fanfare::sim {

using Second = std::int64_t;

template <typename Item>
class Wheel {
 public:
  void put(Second now, Second at, Item item) {
    at = std::max(at, now + 1);
    slots_[static_cast<std::size_t>(std::min(at, now + turn - 1) % turn)].push_back({at, item});
  }

  // Calls `take` with each item due at `now`; those that are more than a turn away go round again.
  template <typename Take>
  void advance(Second now, Take take) {
    std::swap(spent_, slots_[static_cast<std::size_t>(now % turn)]);
    for (const auto& [at, item] : spent_) {
      if (at > now)
        put(now, at, item);
      else
        take(item);
    }
    spent_.clear();
  }

 private:
  static constexpr Second turn = 4096;
  using Slot = std::vector<std::pair<Second, Item>>;
  std::vector<Slot> slots_{static_cast<std::size_t>(turn)};
  Slot spent_;
};

}  // namespace fanfare::sim
