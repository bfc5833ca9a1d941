// SPDX-License-Identifier: Apache-2.0
// Sums of the cohorts settled lately: the ratio as people see it, and the rate of what is due.
#pragma once

#include <chrono>
#include <deque>

#include "agent/ratios/cohorts.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

class SettledWindow {
 public:
  void add(const Cohort& cohort);
  // Over the 10 s of cohorts that have settled last. Unknown where one of them could not be used
  // or nothing was due.
  Ratio ratio(std::chrono::nanoseconds now) const;
  // Sums over the 60 s that have settled last.
  struct Sums {
    double due = 0, seen = 0, surplus = 0, elsewhere = 0, losses = 0, seconds = 0;
  };
  Sums sums(std::chrono::nanoseconds now) const;
  // Due events a second, over the 60 s that have settled last.
  double due_per_second(std::chrono::nanoseconds now) const;

 private:
  std::deque<Cohort> cohorts_;  // the last 60 s, oldest first
};

}  // namespace fanfare
