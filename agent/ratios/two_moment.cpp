// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/two_moment.h"

#include <algorithm>

#include "agent/ratios/ecusum.h"

namespace fanfare {

std::array<double, two_moment_grid.size()> two_moment_increments(double events, double copies,
                                                                 const Moments& null) {
  std::array<double, two_moment_grid.size()> increments{};
  for (std::size_t k = 0; k < two_moment_grid.size(); ++k) {
    const double lambda = two_moment_grid[k] * null.mean / null.second;
    increments[k] =
        -lambda * copies + events * (lambda * null.mean - lambda * lambda * null.second / 2);
  }
  return increments;
}

double two_moment_recovery(double events, double copies, const Moments& null, double loss) {
  const double lost_mean = null.mean * (1 - loss / 2);
  const double counted = std::min(copies, 2 * null.mean * events);
  const double nats =
      (null.mean - lost_mean) / null.second * (counted - events * (null.mean + lost_mean) / 2);
  return std::clamp(nats, -clamp_nats, clamp_nats);
}

double two_moment_information(double mean, const Moments& null) {
  const double fallen = std::max(0.0, null.mean - mean);
  return fallen * fallen / (2 * null.second);
}

}  // namespace fanfare
