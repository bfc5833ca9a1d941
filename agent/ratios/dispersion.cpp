// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/dispersion.h"

#include <algorithm>
#include <cstddef>

namespace fanfare {
namespace {

constexpr std::array<int, 3> block_cohorts{1, 8, 64};
constexpr double prior_estimates = 10;
constexpr double least_estimates = 8;
constexpr double recent_estimates = 32;
constexpr double day_cohorts = 86400;

void close_block(Dispersion::Scale& scale, int cohorts) {
  if (scale.last_events > 0) {
    const double difference = scale.seen / scale.events - scale.last_seen / scale.last_events;
    const double estimate = difference * difference * scale.events * scale.last_events /
                            (scale.events + scale.last_events);
    scale.estimates = std::min(scale.estimates + 1, day_cohorts / cohorts);
    scale.variance += (estimate - scale.variance) / scale.estimates;
    scale.recent += (estimate - scale.recent) / std::min(scale.estimates, recent_estimates);
  }
  scale.last_events = scale.events;
  scale.last_seen = scale.seen;
  scale.events = scale.seen = scale.cohorts = 0;
}

}  // namespace

void Dispersion::advance(double events, double seen) {
  if (events <= 0) return;
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    auto& scale = scales_[i];
    scale.events += events;
    scale.seen += seen;
    if (++scale.cohorts == block_cohorts[i]) close_block(scale, block_cohorts[i]);
  }
}

void Dispersion::interrupt() {
  for (auto& scale : scales_) {
    scale.events = scale.seen = scale.last_events = scale.last_seen = 0;
    scale.cohorts = 0;
  }
}

double Dispersion::variance(double prior) const {
  const auto& shortest = scales_.front();
  double most = (shortest.variance * shortest.estimates + prior * prior_estimates) /
                (shortest.estimates + prior_estimates);
  for (const auto& scale : scales_)
    if (scale.estimates >= least_estimates) most = std::max({most, scale.variance, scale.recent});
  return most;
}

}  // namespace fanfare
