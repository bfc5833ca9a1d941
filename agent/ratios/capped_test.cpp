// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/capped_test.h"

namespace fanfare {
namespace {

// "Well" and "half of the loss remains" must lie apart for a test between them to end; a loss just
// beyond what the null allows leaves nothing between.
constexpr double least_apart = 0.6;

}  // namespace

CappedTest::CappedTest(double normal, double worst)
    : normal_(normal), cap_(std::clamp(worst, 1e-3, 1.0) / (1 - capped_null)) {}

double CappedTest::score(double good) const { return 1 - std::clamp(1 - good, 0.0, cap_) / cap_; }

std::vector<double> CappedTest::increments(double, double seen) const {
  const auto nats = binomial_increments(1, score(seen), capped_null);
  return {nats.begin(), nats.end()};
}

double CappedTest::recovery(double, double seen, double loss) const {
  const double half_lost = score(normal_ * (1 - loss / 2));
  const double apart = 2 * (1 - half_lost / capped_null);
  return binomial_recovery(1, score(seen), capped_null, std::clamp(apart, least_apart, 1.0));
}

double CappedTest::information(double mean) const {
  return binomial_information(score(mean), capped_null);
}

}  // namespace fanfare
