// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/two_moment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "agent/ratios/ecusum.h"

namespace fanfare {
namespace {

// Two-point laws (0 with chance 1 - p, else mean / p) are the most over-dispersed of their moments.
TEST(TwoMoment, IncrementsHaveMeanAtMostOneUnderTheNull) {
  for (const double p : {1., .5, .1, .01})
    for (const double mean : {10., 11., 15.}) {
      const Moments null{10, mean * mean / p};
      const double great = mean / p;
      for (std::size_t k = 0; k < two_moment_grid.size(); ++k) {
        const double expected = (1 - p) * std::exp(two_moment_increments(1, 0, null)[k]) +
                                p * std::exp(two_moment_increments(1, great, null)[k]);
        EXPECT_LE(expected, 1 + 1e-12) << p << " " << mean << " " << k;
      }
    }
}

TEST(TwoMoment, GrowsAsTheFormulaSays) {
  const double variation = 3;
  const Moments null{10, 100 * (1 + variation * variation)};
  for (std::size_t k = 0; k < two_moment_grid.size(); ++k) {
    const double loss = two_moment_grid[k];
    const double expected = loss * loss / (2 * (1 + variation * variation));
    EXPECT_NEAR(two_moment_increments(1000, 10000 * (1 - loss), null)[k], 1000 * expected, 1e-9);
    EXPECT_NEAR(two_moment_information(10 * (1 - loss), null), expected, 1e-12);
  }
  EXPECT_EQ(two_moment_information(11, null), 0);
}

TEST(TwoMoment, ALargeRoomCannotLookLikeALoss) {
  const Moments null{10, 200};
  for (const double nats : two_moment_increments(1, 1e9, null)) EXPECT_LT(nats, -1e6);
}

TEST(TwoMoment, ALargeRoomCannotProveARecovery) {
  const Moments null{10, 200};
  EXPECT_EQ(two_moment_recovery(20, 1e9, null, .66), two_moment_recovery(20, 400, null, .66));
  EXPECT_GT(two_moment_recovery(20, 200, null, .66), 0);
  EXPECT_LT(two_moment_recovery(20, 68, null, .66), 0);
  EXPECT_GE(two_moment_recovery(1e9, 0, null, .66), -clamp_nats);
}

}  // namespace
}  // namespace fanfare
