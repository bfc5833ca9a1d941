// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/ecusum.h"

#include <algorithm>
#include <cmath>

namespace fanfare {
namespace {

double valid_null(double p0) { return std::clamp(p0, 1e-6, 0.999); }

double clamped(double nats) { return std::clamp(nats, -clamp_nats, clamp_nats); }

// p ln(p / q), 0 at p = 0.
double relative(double p, double q) { return p > 0 ? p * std::log(p / q) : 0; }

double divergence(double p, double q) { return relative(p, q) + relative(1 - p, 1 - q); }

}  // namespace

void Mixture::advance(std::span<const double> increments, const Sight& sight, double cap) {
  for (std::size_t k = 0; k < components_.size(); ++k) {
    auto& component = components_[k];
    if (component.nats <= 0) {
      component = {.since = sight.at};
    } else {
      component.expected += sight.expected;
      component.seen += sight.seen;
    }
    component.nats = std::min(component.nats + clamped(increments[k]), cap);
  }
}

double Mixture::evidence() const {
  const double most = winner().nats;
  double sum = 0;
  for (const auto& component : components_) sum += std::exp(component.nats - most);
  return std::max(0.0, most + std::log(sum / static_cast<double>(components_.size())));
}

const Component& Mixture::winner() const {
  return *std::max_element(components_.begin(), components_.end(),
                           [](const auto& a, const auto& b) { return a.nats < b.nats; });
}

std::array<double, binomial_grid.size()> binomial_increments(double n, double x, double p0) {
  p0 = valid_null(p0);
  std::array<double, binomial_grid.size()> increments{};
  for (std::size_t k = 0; k < binomial_grid.size(); ++k)
    increments[k] =
        x * std::log(binomial_grid[k]) + (n - x) * std::log((1 - p0 * binomial_grid[k]) / (1 - p0));
  return increments;
}

double binomial_recovery(double n, double x, double p0, double loss) {
  p0 = valid_null(p0);
  const double p1 = p0 * (1 - loss / 2);
  return clamped(x * std::log(p0 / p1) + (n - x) * std::log((1 - p0) / (1 - p1)));
}

double binomial_information(double p, double p0) {
  p0 = valid_null(p0);
  return p < p0 ? divergence(std::max(p, 0.0), p0) : 0;
}

double binomial_lower_bound(double n, double x, double nats) {
  if (n <= 0) return 0;
  const double p = std::clamp(x / n, 0.0, 1.0);
  double low = 0, high = p;
  for (int i = 0; i < 40; ++i) {  // 2^-40 is far below what counts can tell
    const double middle = (low + high) / 2;
    (n * divergence(p, middle) > nats ? low : high) = middle;
  }
  return low;
}

}  // namespace fanfare
