// SPDX-License-Identifier: Apache-2.0
// Evidence that a share has fallen: a mixture of reflected sums of log-likelihood ratios (e-CUSUM),
// and its increments for outcomes that are 0 or 1. All logarithms natural, so all evidence in nats.
// Pure functions of counts; the same code serves the agent, a replay and the tests.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

namespace fanfare {

// No single tick moves a sum by more: one torn reading cannot decide alone.
inline constexpr double clamp_nats = 50;

// What one cohort brings, beside the increments of its components.
struct Sight {
  std::chrono::nanoseconds at{};  // CLOCK_MONOTONIC
  double expected = 0;            // what would be seen if all were well
  double seen = 0;
};

// One reflected sum, and what has been seen since it last stood at zero: without the first cohort,
// within which the loss began, and which a miss made the first.
struct Component {
  double nats = 0;
  double expected = 0;
  double seen = 0;
  std::chrono::nanoseconds since{};  // of the first cohort
};

// M_k <- max(M_k, 1) * exp(l_k); evidence = ln(mean of M_k). Where each exp(l_k) has conditional
// mean <= 1 while all is well, this is an e-detector: the mean number of ticks until a false alarm
// at `h` nats is at least e^h, whatever the dependence between ticks (Shin, Ramdas, Rinaldo:
// "E-detectors", NEJSDS 2023, arXiv 2203.03532).
class Mixture {
 public:
  explicit Mixture(std::size_t components) : components_(components) {}

  // `increments`: l_k, one for each component, clamped to +-clamp_nats. Sums stop at `cap` nats, so
  // that a day of outage stays printable.
  void advance(std::span<const double> increments, const Sight& sight, double cap);

  // >= 0: what speaks for health is not kept.
  double evidence() const;
  // The component with the most nats: when it last stood at zero is when the loss began.
  const Component& winner() const;
  void reset() { components_.assign(components_.size(), {}); }

  std::span<const Component> components() const { return components_; }
  std::span<Component> components() { return components_; }

 private:
  std::vector<Component> components_;
};

// The alternatives p1 = p0 * q, from a total loss to one of 1 %.
inline constexpr std::array<double, 8> binomial_grid{.01, .34, .60, .80, .90, .95, .98, .99};

// l_q = x ln q + (n - x) ln((1 - p0 q) / (1 - p0)) for x of n, null "each trial succeeds with
// probability >= p0, given the past". exp(l_q) decreases in p, so its mean is <= 1 for the whole
// null. p0 in (0, 1) is clamped to 1e-6..0.999; n and x need not be whole, 0 <= x <= n.
std::array<double, binomial_grid.size()> binomial_increments(double n, double x, double p0);

// Nats for "p >= p0" against "p <= p0 (1 - loss / 2)": Wald's sequential test, one step.
// loss in (0, 1].
double binomial_recovery(double n, double x, double p0, double loss);

// D(p || p0) = p ln(p / p0) + (1 - p) ln((1 - p) / (1 - p0)), nats for each trial; 0 where p >= p0.
double binomial_information(double p, double p0);

// The smallest probability that x of n do not contradict by more than `nats`: n D(x/n || q) = nats
// (Chernoff). 0 for n = 0.
double binomial_lower_bound(double n, double x, double nats);

}  // namespace fanfare
