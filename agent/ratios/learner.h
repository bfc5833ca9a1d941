// SPDX-License-Identifier: Apache-2.0
// Learns what is normal of a signal from its cohorts, and from those only that were well. Pure.
#pragma once

#include <deque>

#include "agent/ratios/baseline.h"
#include "agent/ratios/cohorts.h"
#include "agent/ratios/dispersion.h"

namespace fanfare {

// Whether what is seen now is health, to be learned from.
enum class Doubt {
  none,
  suspicious,  // it waits until that has passed
  lost,        // it is not learned
};

class Learner {
 public:
  // A judged cohort. What is lost is not learned. What is under suspicion waits until that has
  // passed: to leave it out would leave out just the bursts that the dispersion is there for.
  void learn(const Cohort& cohort, Doubt doubt);

  const Baseline& baseline() const { return baseline_; }
  Baseline& baseline() { return baseline_; }
  const Dispersion& dispersion() const { return dispersion_; }
  Dispersion& dispersion() { return dispersion_; }

 private:
  Baseline baseline_;
  Dispersion dispersion_;
  std::deque<Cohort> suspected_;  // not learned yet, oldest first
};

}  // namespace fanfare
