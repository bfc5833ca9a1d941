// SPDX-License-Identifier: Apache-2.0
// How long events take from coming due on this node to their first copy, and whether most of them
// take too long. Late is not lost, and not well either. Pure: time is given.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "agent/model/deltas.h"
#include "agent/ratios/judgement.h"
#include "agent/ratios/window_sum.h"

namespace fanfare {

class LagWatch {
 public:
  // What came late, of all that came at all, over the last minute: too much of it from surely
  // more than a half on, in order again below a quarter. Fewer than ten events say nothing.
  void advance(const ShardDelta& delta);

  bool is_late() const { return late_; }
  LagFigures figures() const;

 private:
  void count(double seconds);

  std::chrono::nanoseconds now_{};
  bool late_ = false;
  WindowSum came_{std::chrono::seconds(60)};  // late ones of all that came
  LagFigures figures_;
};

}  // namespace fanfare
