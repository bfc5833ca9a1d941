// SPDX-License-Identifier: Apache-2.0
// Whether clients still publish: a total stop, while their sockets stay. Pure: time is given.
#pragma once

#include <chrono>
#include <optional>

#include "agent/ratios/judgement.h"
#include "agent/ratios/window_sum.h"

namespace fanfare {

// A gap is measured in the events that the rate of the last hour would have brought in it, so that
// a night's long gaps and a day's short ones are alike. Lost where a gap has lasted two minutes and
// is worth G >= max(40, 3 * the longest of the last weeks). The bound: for Poisson arrivals whose
// rate falls to half within the hour a gap of 40 has the chance e^-20; arrivals in bursts have
// shown how long they pause, for which the first day wants up to ten times as much. After a stop
// twice as much is needed at most, in case that it was a pause: what closes at night is told of
// once or twice, not each evening. A fall that is no stop is not judged: the rhythm of days and a
// fall look alike to one host; the same hour of the days before tells them apart.
class AcceptedSignal {
 public:
  struct State {
    double events = 0, seconds = 0;   // fading, time constant an hour
    double age = 0;                   // s that have been learned, not fading
    double longest = 0;               // gap, expected events, fading with a half-life of a week
    double gap = 0, gap_seconds = 0;  // since the last event
    double resumed = 0;               // events since it was lost
    bool lost = false;
    std::chrono::nanoseconds lost_since{};
  };

  // `settled`: the sockets are there. Without them nobody can publish: a gap begins anew.
  Signal advance(std::chrono::nanoseconds now, std::chrono::nanoseconds span, double accepted,
                 bool settled);

  const State& state() const { return state_; }
  State& state() { return state_; }

 private:
  void take(double accepted, double seconds);
  void miss(std::chrono::nanoseconds now, double seconds);
  double rate() const;  // 1/s; 0 while it is not known
  double needed() const;

  State state_;
  WindowSum shown_{std::chrono::minutes(1)};
};

}  // namespace fanfare
