// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/loss_watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fanfare {
namespace {

constexpr double evidence_cap = loss_threshold + 200;  // nats; more says nothing more
constexpr double least_loss = 0.02;  // of a recovery test: the tolerance within the null

double missing(double expected, double seen) {
  return expected > 0 ? std::clamp(1 - seen / expected, 0.0, 1.0) : 0;
}

}  // namespace

void LossWatch::begin_loss() {
  const auto& began = evidence_.winner();
  state_ = {.lost = true,
            .lost_since = began.since,
            .expected = began.expected,
            .seen = began.seen,
            .worst = missing(began.expected, began.seen),
            .recovery = recovery_floor};
}

void LossWatch::test_recovery(const Cohort& cohort, double expected, const LossTest& test) {
  state_.pending_expected += expected;
  state_.pending_seen += cohort.seen;
  state_.recovery += test.recovery(cohort.due, cohort.seen, std::max(state_.worst, least_loss));
  ++state_.healthy;
  if (state_.recovery <= recovery_floor) {
    state_.recovery = recovery_floor;
    state_.healthy = 0;
    state_.expected += std::exchange(state_.pending_expected, 0);
    state_.seen += std::exchange(state_.pending_seen, 0);
    state_.worst = std::max(state_.worst, missing(state_.expected, state_.seen));
  }
  if (state_.recovery < recovery_threshold) return;
  state_.recovery = recovery_threshold;
  if (state_.healthy < recovery_cohorts || cohort.late) return;
  state_ = {};
  evidence_.reset();
}

void LossWatch::advance(const Cohort& cohort, double expected, const LossTest& test) {
  const double before = evidence();
  evidence_.advance(test.increments(cohort.due, cohort.seen + cohort.maybe_seen),
                    {cohort.at, expected, cohort.seen}, evidence_cap);
  if (state_.lost) return test_recovery(cohort, expected, test);
  if (before >= loss_threshold && evidence() >= before) begin_loss();
}

void LossWatch::resume(std::chrono::nanoseconds now) {
  if (state_.lost_since.count() == 0) state_.lost_since = now;
  for (auto& component : evidence_.components())
    if (component.since.count() == 0) component.since = now;
}

double LossWatch::loss_estimate() const {
  if (state_.lost) return missing(state_.expected, state_.seen);
  const auto& began = evidence_.winner();
  return evidence() > 0 ? missing(began.expected, began.seen) : 0;
}

}  // namespace fanfare
