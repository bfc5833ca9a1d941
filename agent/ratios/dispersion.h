// SPDX-License-Identifier: Apache-2.0
// How much the mean outcome of an event wanders from one block of time to the next, beyond what
// independent events would do: rooms burst, and their events share their fate. Pure.
#pragma once

#include <array>

namespace fanfare {

// Blocks of 1, 8 and 64 cohorts. Two neighbours with N and N' events and means y and y' estimate
// the variance of an event as (y - y')^2 N N' / (N + N'). Neighbours, and not the distance from a
// long mean (Allan 1966): a slow change of the mean adds nothing, a burst as long as a block adds
// its size.
class Dispersion {
 public:
  struct Scale {
    double events = 0, seen = 0;            // of the block in progress
    int cohorts = 0;                        // in it
    double last_events = 0, last_seen = 0;  // of the block before
    double variance = 0;                    // mean of the estimates, over a day
    double recent = 0;                      // mean of the estimates, over 32
    double estimates = 0;
  };

  void advance(double events, double seen);
  // Blocks do not reach across a gap.
  void interrupt();

  // The greatest of the scales, of the day or lately. `prior` stands for ten estimates of the
  // shortest scale; the longer ones speak when they have eight.
  double variance(double prior) const;

  const auto& scales() const { return scales_; }
  auto& scales() { return scales_; }

 private:
  std::array<Scale, 3> scales_{};
};

}  // namespace fanfare
