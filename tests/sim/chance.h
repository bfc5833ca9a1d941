// SPDX-License-Identifier: Apache-2.0
// Chance with a seed, a nanosecond a draw: a simulation draws tens of millions of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace fanfare::sim {

inline std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// A share of things named by numbers, always the same ones: 0..1 of the number.
inline double share_of(std::uint64_t name) {
  return static_cast<double>(mixed(name) >> 11) * 0x1p-53;
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(mixed(seed)) {}

  std::uint64_t bits() { return mixed(state_ += 0x9e3779b97f4a7c15); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((bits() >> 32) * limit) >> 32);
  }
  bool happens(double probability) { return probability > 0 && uniform() < probability; }
  double exponential(double mean) { return -mean * std::log1p(-uniform()); }
  double normal() {
    return std::sqrt(-2 * std::log1p(-uniform())) * std::cos(6.283185307179586 * uniform());
  }
  double log_normal(double mean, double sigma) {
    return mean * std::exp(sigma * normal() - sigma * sigma / 2);
  }
  unsigned poisson(double mean) {
    if (mean <= 0) return 0;
    if (mean > 40)
      return static_cast<unsigned>(std::max(0., mean + std::sqrt(mean) * normal() + .5));
    const double floor = std::exp(-mean);
    unsigned count = 0;
    for (double product = uniform(); product > floor; product *= uniform()) ++count;
    return count;
  }

 private:
  std::uint64_t state_;
};

}  // namespace fanfare::sim
