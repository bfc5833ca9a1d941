// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/block_signal.h"

#include <algorithm>
#include <cmath>

#include "agent/ratios/capped_test.h"

namespace fanfare {
namespace {

constexpr std::chrono::seconds block_time{10};
// A block weighs its seconds where it is learned, so that Baseline's bounds on ten minutes hold.
constexpr double block_weight = 10;
constexpr double learning_doubt = 12;  // nats by which the learned mean may be wrong: e^-12
// Of the variance, until learned: blocks that are all good or all bad.
double prior_variance(double good) { return block_weight * good * (1 - good); }

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

// The least good share that what was learned does not contradict by 12 nats, by the normal law;
// then tolerance, which is of the share and not of what is left of it.
CappedTest test_against(const Normal& normal, const Dispersion& dispersion, double tolerance) {
  const double variance = dispersion.variance(prior_variance(normal.usual));
  const double error = std::sqrt(2 * learning_doubt * variance / normal.events);
  const double least = std::max(0.0, normal.usual - error) * normal.thinning;
  return {normal.value, tolerance + 1 - least};
}

}  // namespace

BlockSignal::BlockSignal(const char* name, double tolerance)
    : name_(name), tolerance_(tolerance), watch_(binomial_grid.size()) {}

void BlockSignal::judge(const BlockTick& last) {
  const double good = 1 - std::clamp(block_.bad / block_.all, 0.0, 1.0);
  Cohort cohort{.at = last.at,
                .span = block_.span,
                .due = 1,
                .seen = good,
                .sockets = last.key,
                .coverage = std::nullopt,
                .unusable = {}};
  const auto& learned = learner_;
  const auto normal = learned.baseline().normal(last.key);
  detectable_loss_ = 1;
  if (normal) {
    const auto test = test_against(*normal, learned.dispersion(), tolerance_);
    watch_.advance(cohort, normal->value, test);
    detectable_loss_ =
        detectable_loss(test, normal->value, 300 / seconds(block_.span), loss_threshold);
  }
  Doubt doubt = Doubt::none;
  if (watch_.suspicious()) doubt = watch_.lost() ? Doubt::lost : Doubt::suspicious;
  cohort.due *= block_weight;
  cohort.seen *= block_weight;
  learner_.learn(cohort, doubt);
}

Signal BlockSignal::advance(const BlockTick& tick) {
  watch_.resume(tick.at);
  if (!tick.usable) {
    block_ = {};
  } else {
    block_.span += tick.span;
    block_.all += tick.all;
    block_.bad += tick.bad;
  }
  if (block_.all > 0 && block_.span >= block_time) {
    judge(tick);
    block_ = {};
  }
  Signal signal;
  signal.name = name_;
  const auto& baseline = learner_.baseline();
  signal.learned = std::chrono::seconds(static_cast<long>(baseline.learned_seconds()));
  signal.evidence = watch_.evidence();
  signal.threshold = loss_threshold;
  signal.loss_estimate = watch_.loss_estimate();
  signal.lost = watch_.lost();
  signal.lost_since = watch_.lost_since();
  signal.recovery = watch_.recovery();
  signal.detectable_loss = detectable_loss_;
  if (const auto normal = baseline.normal(tick.key)) signal.normal = 1 - normal->value;
  return signal;
}

}  // namespace fanfare
