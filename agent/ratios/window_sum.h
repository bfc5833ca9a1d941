// SPDX-License-Identifier: Apache-2.0
// A ratio of two sums over the last so many seconds, as people see it; kept in sixty parts, so that
// the oldest one leaves with its last tick.
#pragma once

#include <chrono>
#include <deque>

#include "agent/ratios/judgement.h"

namespace fanfare {

class WindowSum {
 public:
  explicit WindowSum(std::chrono::seconds window) : window_(window), part_(window / 60) {}

  // In the order of their times.
  void add(std::chrono::nanoseconds at, double numerator, double denominator) {
    if (parts_.empty() || at - parts_.back().at >= part_) parts_.push_back({.at = at});
    parts_.back().numerator += numerator;
    parts_.back().denominator += denominator;
    while (at - parts_.front().at >= window_) parts_.pop_front();
  }

  // Unknown where the denominator is 0.
  Ratio ratio(std::chrono::nanoseconds now) const {
    Ratio ratio;
    ratio.window = window_;
    for (const auto& part : parts_) {
      if (now - part.at >= window_) continue;
      ratio.numerator += part.numerator;
      ratio.denominator += part.denominator;
    }
    if (ratio.denominator > 0)
      ratio.value = ratio.numerator / ratio.denominator;
    else
      ratio.unknown = "there was nothing to judge by";
    return ratio;
  }

 private:
  struct Part {
    std::chrono::nanoseconds at{};  // of its first tick
    double numerator = 0, denominator = 0;
  };
  std::chrono::seconds window_;
  std::chrono::nanoseconds part_;
  std::deque<Part> parts_;
};

}  // namespace fanfare
