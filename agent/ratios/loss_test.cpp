// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/loss_test.h"

#include <cmath>

namespace fanfare {

double detectable_loss(const LossTest& test, double normal, double events, double threshold) {
  const double needed = threshold + std::log(static_cast<double>(test.components()));
  double low = 0, high = 1;
  for (int i = 0; i < 20; ++i) {  // to 1e-6
    const double loss = (low + high) / 2;
    (events * test.information(normal * (1 - loss)) >= needed ? high : low) = loss;
  }
  return high;
}

}  // namespace fanfare
