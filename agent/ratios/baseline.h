// SPDX-License-Identifier: Apache-2.0
// What the mean outcome of an event is when all is well, learned. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "agent/ratios/cohorts.h"

namespace fanfare {

// What is normal for a number of client sockets.
struct Normal {
  double value = 0;     // mean outcome of an event
  double usual = 0;     // <= value: the lowest that ten minutes of health have brought lately
  double events = 0;    // that it was learned from, old ones counted less
  double thinning = 1;  // 0..1, see Baseline::normal
};

// One mean for each level of client sockets, a factor sqrt 2 apart: fewer members are online at
// night, and then fewer events find one here. Within a level an EWMA weighted by events, half-life
// 24 h, bias-corrected (sum of outcomes over sum of events, both fading).
class Baseline {
 public:
  struct Level {
    double events = 0;  // sums, fading
    double seen = 0;
    double sockets = 0;  // weighted by events
    double cohorts = 0;  // with traffic, not fading
    double value = 0;    // the mean, with its fall limited; 0: not learned
    double lowest = 0;   // mean of the lowest ten minutes, rising slowly; 0: none yet
    double highest = 0;  // value ever
    double age = 0;      // s that have been learned
    double block_events = 0, block_seen = 0, block_seconds = 0;
  };

  // A settled cohort in health: the caller leaves out those of a loss, and those under suspicion.
  // A level is learned from 10 cohorts and 100 events on, unless (nearly) nothing is ever seen.
  // Once it is a day old it falls at most 5 % a day, so that no slow leak becomes normal, and never
  // below 0.3 of its highest.
  void learn(const Cohort& cohort);

  // Of the level of `sockets`. Where that is not learned, the best bound that another level gives.
  // `thinning` = min(1, sockets / sockets of the level): if a random share f of each room's sockets
  // stays, each event that reached somebody reaches one of them still with probability >= f, so
  // f * value bounds the mean outcome from below, of reach and of copies. Empty while nothing is
  // learned.
  std::optional<Normal> normal(std::uint64_t sockets) const;

  // Of all levels, fading.
  double seen() const;

  // How long it has learned, all levels together: seconds with traffic.
  double learned_seconds() const;

  const std::map<int, Level>& levels() const { return levels_; }
  std::map<int, Level>& levels() { return levels_; }

 private:
  std::map<int, Level> levels_;  // by floor(2 log2 sockets)
};

}  // namespace fanfare
