// SPDX-License-Identifier: Apache-2.0
// FanfareNotCounting: the one alert that is of the agent itself and of no shard. Pure.
#pragma once

#include <string>

#include "agent/alerts/rules.h"

namespace fanfare {

// What the agent has found of its own sight at this tick.
struct OwnSight {
  bool measured = false;  // else nothing is said of it
  bool blind = false;     // not attached, or its own message is not in its counters
  double seconds = 0;     // for so long
  std::string why{};      // a sentence
};

Symptom symptom_of(const OwnSight& sight);
Texts describe(const OwnSight& sight);

}  // namespace fanfare
