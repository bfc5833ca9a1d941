// SPDX-License-Identifier: Apache-2.0
// The faults and the innocent worlds that the judge is held to, by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/trial.h"

namespace fanfare::sim {

inline constexpr Second healthy_before = 6 * 3600;

struct FaultCase {
  std::string name;
  double rate = 20;  // events a second of the shard
  Plan plan{};
  Second onset = healthy_before;
  // Seconds to the first critical page, median, of the prototype that shows what can be had, and of
  // the judge that knew only counts; as the reference has them.
  std::optional<double> prototype{}, before{};
  std::optional<double> limit{};  // what the issue asks for where it is not the prototype's

  // The median that is asked for: twice the prototype's, or 10 s more than it.
  std::optional<double> bound() const {
    if (limit) return limit;
    if (!prototype) return {};
    return std::max(2 * *prototype, *prototype + 10);
  }
};

struct InnocentCase {
  std::string name;
  Plan plan{};  // its seconds are those of one life; lives differ by their seed
  // Not empty: counts and events alone do not tell it from a loss, and why.
  std::string hard{};
};

std::vector<FaultCase> share_lost();    // a share of the events, by rate
std::vector<FaultCase> other_faults();  // table 6's further rows, and the kinds of table 2
std::vector<FaultCase> recoveries();    // faults that end: the first of their laws says when
std::vector<InnocentCase> innocents();  // none of which may page

// One clean shard of this rate.
WorldShape shape_of(double rate);

}  // namespace fanfare::sim
