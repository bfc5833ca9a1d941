// SPDX-License-Identifier: Apache-2.0
// The test of a share that jumps when many sockets meet the same fate at once: a proxy or a cell
// dies, a room falls silent. One cohort is one observation, whatever number of sockets it holds,
// and how bad it is counts up to a cap. Pure.
#pragma once

#include "agent/ratios/loss_test.h"

namespace fanfare {

// Null: the bad share v in [0, 1] of a cohort has a mean <= `worst`, given the past. Scored is
// y = 1 - min(v, c) / c with c = worst / (1 - capped_null): by E min(v, c) <= E v its mean is
// >= capped_null under the null, whatever the law of v and however the sockets within a cohort hang
// together, and binomial_increments(1, y, capped_null) hold for any y in [0, 1] (x^y is convex in
// y). One cohort brings at most -ln(1 - capped_null) = 0.8 nats: loss_threshold wants 28 of them
// ill, so that no burst of less than that pages, however large, and each excess of 1.2 times
// `worst` is found as soon as a total one.
inline constexpr double capped_null = 0.55;

class CappedTest : public LossTest {
 public:
  // `normal`: the good share in health. `worst` is clamped to 0.001..1.
  CappedTest(double normal, double worst);
  std::size_t components() const override { return binomial_grid.size(); }
  // `due` is not looked at (1), `seen` is the good share.
  std::vector<double> increments(double due, double seen) const override;
  double recovery(double due, double seen, double loss) const override;
  double information(double mean) const override;

 private:
  double score(double good) const;
  double normal_;
  double cap_;
};

}  // namespace fanfare
