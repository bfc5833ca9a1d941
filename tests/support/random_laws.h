// SPDX-License-Identifier: Apache-2.0
// Random laws for simulations.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

namespace fanfare {

using Random = std::mt19937_64;

template <typename Law>
inline double drawn(Random& random, Law law) {
  return static_cast<double>(law(random));
}

inline double poisson(Random& random, double mean) {
  return mean > 0 ? drawn(random, std::poisson_distribution<long>(mean)) : 0;
}

inline double binomial(Random& random, double n, double p) {
  return drawn(random,
               std::binomial_distribution<long>(static_cast<long>(n), std::clamp(p, 0., 1.)));
}

inline double uniform(Random& random) { return std::uniform_real_distribution<double>()(random); }

// Sum of `events` log-normal fan-outs of the given mean and coefficient of variation.
inline double fan_out(Random& random, double events, double mean, double variation) {
  const double sigma2 = std::log1p(variation * variation);
  std::lognormal_distribution<double> law(std::log(mean) - sigma2 / 2, std::sqrt(sigma2));
  double sum = 0;
  for (double i = 0; i < events; ++i) sum += law(random);
  return sum;
}

}  // namespace fanfare
