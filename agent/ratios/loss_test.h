// SPDX-License-Identifier: Apache-2.0
// What a cohort says for a loss and for recovery, given what is normal: one test for outcomes that
// are 0 or 1 (reach, replication), one for sums (copies). Built anew for each cohort. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "agent/ratios/ecusum.h"
#include "agent/ratios/two_moment.h"

namespace fanfare {

class LossTest {
 public:
  virtual ~LossTest() = default;
  virtual std::size_t components() const = 0;
  // Nats for a loss, one for each component of the mixture.
  virtual std::vector<double> increments(double due, double seen) const = 0;
  // Nats for "it is well" against "half of `loss` (0..1] is still missing".
  virtual double recovery(double due, double seen, double loss) const = 0;
  // Nats that one due event brings when its mean outcome is `mean`.
  virtual double information(double mean) const = 0;
};

// null: the least probability of an outcome in health. dispersion >= 1: events that share their
// fate count as so many times fewer independent ones (the likelihood raised to 1 / dispersion).
class ShareTest : public LossTest {
 public:
  explicit ShareTest(double null, double dispersion = 1) : null_(null), dispersion_(dispersion) {}
  std::size_t components() const override { return binomial_grid.size(); }
  std::vector<double> increments(double due, double seen) const override {
    const auto nats = binomial_increments(due / dispersion_, seen / dispersion_, null_);
    return {nats.begin(), nats.end()};
  }
  double recovery(double due, double seen, double loss) const override {
    return binomial_recovery(due / dispersion_, seen / dispersion_, null_, loss);
  }
  double information(double mean) const override {
    return binomial_information(mean, null_) / dispersion_;
  }

 private:
  double null_;
  double dispersion_;
};

class SumTest : public LossTest {
 public:
  explicit SumTest(const Moments& null) : null_(null) {}
  std::size_t components() const override { return two_moment_grid.size(); }
  std::vector<double> increments(double due, double seen) const override {
    const auto nats = two_moment_increments(due, seen, null_);
    return {nats.begin(), nats.end()};
  }
  double recovery(double due, double seen, double loss) const override {
    return two_moment_recovery(due, seen, null_, loss);
  }
  double information(double mean) const override { return two_moment_information(mean, null_); }

 private:
  Moments null_;
};

// The smallest share of `normal`, 0..1, whose loss `events` more events would prove against
// `threshold` nats, the mixture's own cost ln(components) included; 1 where not even a total loss.
double detectable_loss(const LossTest& test, double normal, double events, double threshold);

// A figure that is dear and changes slowly: made anew every ten seconds.
class SlowFigure {
 public:
  template <typename Make>
  double at(std::chrono::nanoseconds now, const Make& make) {
    if (!made_ || now - *made_ >= std::chrono::seconds(10)) {
      value_ = make();
      made_ = now;
    }
    return value_;
  }

 private:
  std::optional<std::chrono::nanoseconds> made_;
  double value_ = 0;
};

}  // namespace fanfare
