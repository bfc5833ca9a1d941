// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/learner.h"

#include <cstddef>

namespace fanfare {
namespace {

constexpr std::size_t most_suspected = 600;  // cohorts that wait

}  // namespace

void Learner::learn(const Cohort& cohort, Doubt doubt) {
  if (doubt == Doubt::lost) {
    suspected_.clear();
    return dispersion_.interrupt();
  }
  suspected_.push_back(cohort);
  if (doubt == Doubt::suspicious) {
    if (suspected_.size() > most_suspected) suspected_.pop_front();
    return;
  }
  for (const auto& passed : suspected_) {
    baseline_.learn(passed);
    dispersion_.advance(passed.due, passed.seen);
  }
  suspected_.clear();
}

}  // namespace fanfare
