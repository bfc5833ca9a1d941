// SPDX-License-Identifier: Apache-2.0
// Events per second of each shard over a sliding window of cumulative totals. Pure: time is given.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "agent/model/shards.h"

namespace fanfare {

struct Rate {
  double events_out = 0;  // 1/s
  double events_in = 0;
};

class Rates {
 public:
  explicit Rates(std::chrono::nanoseconds window) : window_(window) {}

  // One rate for each shard, in the order given. A shard's first sight has rate 0: what it counted
  // before is not of this window.
  std::vector<Rate> advance(std::chrono::nanoseconds now, const std::vector<Shard>& shards);

 private:
  struct Totals {
    std::uint64_t events_out = 0;
    std::uint64_t events_in = 0;
  };
  struct Sample {
    std::chrono::nanoseconds at{};
    std::map<std::string, Totals> totals;
  };

  std::chrono::nanoseconds window_;
  std::deque<Sample> samples_;  // oldest first; the first is at least a window old, once there
};

}  // namespace fanfare
