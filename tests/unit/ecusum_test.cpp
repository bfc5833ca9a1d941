// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/ecusum.h"

#include <gmock/gmock.h>

#include <cmath>

#include "agent/ratios/loss_test.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

// Worked by hand in the design's reference: 5 % of 0.999.
TEST(Binomial, InformationIsTheDivergenceOfTheWorkedExample) {
  EXPECT_NEAR(binomial_information(.999 * .95, .999), 0.1516, 5e-5);
  EXPECT_NEAR(binomial_information(.999 * .34, .999), 3.921, 5e-4);
  EXPECT_NEAR(binomial_information(.6 * .95, .6), 0.00186, 5e-6);
  EXPECT_EQ(binomial_information(.9, .9), 0);
  EXPECT_EQ(binomial_information(.95, .9), 0);
  EXPECT_NEAR(binomial_information(0, .9), std::log(10), 1e-12);
}

// The property that the guarantee rests on, summed out exactly: E exp(l) <= 1 for every p >= p0.
TEST(Binomial, IncrementsHaveMeanAtMostOneUnderTheWholeNull) {
  constexpr int n = 12;
  for (const double p0 : {.2, .6, .97, .999})
    for (const double p : {p0, p0 + (1 - p0) / 2, 1.})
      for (std::size_t k = 0; k < binomial_grid.size(); ++k) {
        double mean = 0;
        for (int x = 0; x <= n; ++x) {
          const double chance =
              std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1)) *
              std::pow(p, x) * std::pow(1 - p, n - x);
          mean += chance * std::exp(binomial_increments(n, x, p0)[k]);
        }
        EXPECT_LE(mean, 1 + 1e-9) << p0 << " " << p << " " << binomial_grid[k];
        if (p == p0) {
          EXPECT_NEAR(mean, 1, 1e-9);
        }
      }
}

TEST(Binomial, AtTheAlternativeTheyGrowByTheInformation) {
  const double p0 = .97, q = .34;
  const auto increments = binomial_increments(1000, 1000 * p0 * q, p0);
  EXPECT_NEAR(increments[1], 1000 * binomial_information(p0 * q, p0), 1e-6);
}

TEST(Binomial, NullsBeyondItsRangeAreClamped) {
  EXPECT_EQ(binomial_increments(5, 3, 1.0), binomial_increments(5, 3, .999));
  EXPECT_EQ(binomial_increments(5, 3, 0.0), binomial_increments(5, 3, 1e-6));
}

TEST(Binomial, TheLowerBoundIsWhereTheDivergenceIsTheDoubt) {
  const double low = binomial_lower_bound(1000, 900, 12);
  EXPECT_LT(low, .9);
  EXPECT_NEAR(1000 * binomial_information(low, .9) / 12, 1, 0.25);  // nearly symmetric
  const double p = .9;
  EXPECT_NEAR(1000 * (p * std::log(p / low) + (1 - p) * std::log((1 - p) / (1 - low))), 12, 1e-6);
  EXPECT_NEAR(binomial_lower_bound(100, 100, 12), std::exp(-.12), 1e-9);
  EXPECT_EQ(binomial_lower_bound(0, 0, 12), 0);
  EXPECT_EQ(binomial_lower_bound(100, 0, 12), 0);
}

TEST(Binomial, RecoverySpeaksForHealthOnlyAboveTheMiddle) {
  EXPECT_GT(binomial_recovery(100, 97, .97, .66), 4.6);
  EXPECT_LT(binomial_recovery(100, 33, .97, .66), -4.6);
  EXPECT_LT(binomial_recovery(100, 65, .97, .66), 0);
}

TEST(Mixture, IsTheMeanOfReflectedSums) {
  Mixture mixture(2);
  mixture.advance(std::array{-3., 1.}, {1s, 1, 1}, 100);
  EXPECT_NEAR(mixture.evidence(), std::log((std::exp(-3) + std::exp(1)) / 2), 1e-12);
  mixture.advance(std::array{2., 1.}, {2s, 1, 1}, 100);
  EXPECT_NEAR(mixture.evidence(), std::log((std::exp(2) + std::exp(2)) / 2), 1e-12);
}

TEST(Mixture, RemembersWhatWasSeenSinceTheWinnerLastStoodAtZero) {
  Mixture mixture(1);
  mixture.advance(std::array{-1.}, {1s, 10, 10}, 100);
  mixture.advance(std::array{5.}, {2s, 10, 4}, 100);
  mixture.advance(std::array{5.}, {3s, 10, 3}, 100);
  EXPECT_EQ(mixture.winner().since, 2s);
  EXPECT_EQ(mixture.winner().expected, 10);  // the second of the onset is partly well
  EXPECT_EQ(mixture.winner().seen, 3);
  mixture.reset();
  EXPECT_EQ(mixture.evidence(), 0);
}

TEST(Mixture, ClampsATickAndStopsAtTheCap) {
  Mixture mixture(1);
  mixture.advance(std::array{1e6}, {1s, 1, 0}, 70);
  EXPECT_EQ(mixture.evidence(), clamp_nats);
  mixture.advance(std::array{1e6}, {2s, 1, 0}, 70);
  EXPECT_EQ(mixture.evidence(), 70);
  mixture.advance(std::array{-1e6}, {3s, 1, 1}, 70);
  EXPECT_EQ(mixture.evidence(), 20);
}

// The reference's table: events that reach needs at 22.24 nats (threshold and mixture).
TEST(DetectableLoss, IsTheSmallestThatTheEventsProve) {
  const double baseline = .9;
  const ShareTest test(.98 * baseline);
  for (const auto& [loss, events] : {std::pair{.66, 25.}, {.20, 232.}, {.10, 1033.}, {.05, 6750.}})
    EXPECT_NEAR(detectable_loss(test, baseline, events, 20.16) / loss, 1, 0.04) << loss;
  EXPECT_EQ(detectable_loss(test, baseline, 3, 20.16), 1);
  EXPECT_EQ(detectable_loss(test, baseline, 0, 20.16), 1);
}

TEST(ShareTest, DispersionMakesEventsFewer) {
  const ShareTest single(.9), shared(.9, 4);
  EXPECT_NEAR(shared.increments(40, 20)[2], single.increments(10, 5)[2], 1e-12);
  EXPECT_NEAR(shared.information(.5), single.information(.5) / 4, 1e-12);
}

}  // namespace
}  // namespace fanfare
