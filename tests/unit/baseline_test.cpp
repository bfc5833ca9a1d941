// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/baseline.h"

#include <gtest/gtest.h>

#include <random>

#include "agent/ratios/dispersion.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

void learn(Baseline& baseline, int seconds, double due, double share, std::uint64_t sockets = 100) {
  for (int i = 0; i < seconds; ++i)
    baseline.learn({.span = 1s,
                    .due = due,
                    .seen = due * share,
                    .sockets = sockets,
                    .coverage = 1,
                    .unusable = {}});
}

TEST(Baseline, IsLearnedFromTenCohortsAndAHundredEvents) {
  Baseline few_cohorts;
  learn(few_cohorts, 9, 100, .9);
  EXPECT_FALSE(few_cohorts.normal(100));
  learn(few_cohorts, 1, 100, .9);
  ASSERT_TRUE(few_cohorts.normal(100));
  EXPECT_NEAR(few_cohorts.normal(100)->value, .9, 1e-9);

  Baseline few_events;
  learn(few_events, 99, 1, .9);
  EXPECT_FALSE(few_events.normal(100));
  learn(few_events, 2, 1, .9);
  EXPECT_TRUE(few_events.normal(100));
}

TEST(Baseline, IsNotLearnedWhereNothingIsSeen) {
  Baseline baseline;
  learn(baseline, 1000, 100, 0.001);
  EXPECT_FALSE(baseline.normal(100));
}

TEST(Baseline, WeighsByEventsWithAHalfLifeOfADay) {
  Baseline baseline;
  learn(baseline, 3600, 10, .8);
  learn(baseline, 3600, 30, .9);
  EXPECT_NEAR(baseline.normal(100)->value, .875, 1e-3);
  EXPECT_NEAR(baseline.levels().begin()->second.events, 3600 * 40, 3600 * 40 * .04);
}

TEST(Baseline, OnceADayOldFallsAtMostFivePercentADay) {
  Baseline baseline;
  learn(baseline, 86400 + 100, 1, 1);
  learn(baseline, 86400, 1, .4);
  EXPECT_NEAR(baseline.normal(100)->value, .95, .002);
  EXPECT_NEAR(baseline.normal(100)->usual, .95, .01);
}

TEST(Baseline, WhileYoungFollowsFreelyButNotBelowItsFloor) {
  Baseline baseline;
  learn(baseline, 20, 100, 1);
  learn(baseline, 3600, 100, .5);
  EXPECT_NEAR(baseline.normal(100)->value, .5, .01);
  learn(baseline, 40000, 100, .1);
  EXPECT_NEAR(baseline.normal(100)->value, .3, 1e-9);
}

TEST(Baseline, UsualIsTheLowestTenMinutesAndSurvivesALiveEvent) {
  Baseline baseline;
  learn(baseline, 7200, 20, 10);
  EXPECT_NEAR(baseline.normal(100)->usual, 10, 1e-9);
  learn(baseline, 7200, 60, 200);
  EXPECT_GT(baseline.normal(100)->value, 100);
  EXPECT_NEAR(baseline.normal(100)->usual, 10, .1);
}

TEST(Baseline, FewerSocketsOfTheSameLevelThinTheOutcome) {
  Baseline baseline;
  learn(baseline, 100, 10, .8, 110);
  EXPECT_DOUBLE_EQ(baseline.normal(110)->thinning, 1);
  EXPECT_DOUBLE_EQ(baseline.normal(120)->thinning, 1);
  EXPECT_DOUBLE_EQ(baseline.normal(99)->thinning, .9);
}

TEST(Baseline, AnUnknownLevelTakesTheBestBoundOfTheOthers) {
  Baseline baseline;
  learn(baseline, 100, 10, .9, 1000);
  learn(baseline, 100, 10, .5, 100);
  EXPECT_NEAR(baseline.normal(500)->value, .5, 1e-9);  // .9 * .5 is less
  EXPECT_NEAR(baseline.normal(900)->value, .9, 1e-9);
  EXPECT_NEAR(baseline.normal(10)->value * baseline.normal(10)->thinning, .05, 1e-9);
  EXPECT_FALSE(baseline.normal(0));
}

TEST(Dispersion, OfIndependentEventsIsTheirVariance) {
  std::mt19937_64 random(1);
  std::binomial_distribution<int> law(50, .8);
  Dispersion dispersion;
  for (int i = 0; i < 20000; ++i) dispersion.advance(50, law(random));
  for (const auto& scale : dispersion.scales()) EXPECT_NEAR(scale.variance / .16, 1, .2);
  EXPECT_GE(dispersion.variance(.16), .15);
  EXPECT_LE(dispersion.variance(.16), .4);  // the greatest of some, and of some lately
}

TEST(Dispersion, OfEventsThatShareTheirFateForEightSecondsIsThatManyTimesMore) {
  std::mt19937_64 random(2);
  std::bernoulli_distribution law(.8);
  Dispersion dispersion;
  bool fate = true;
  for (int i = 0; i < 40000; ++i) {
    if (i % 8 == 0) fate = law(random);
    dispersion.advance(5, fate ? 5 : 0);
  }
  EXPECT_NEAR(dispersion.scales()[1].variance / (.16 * 40), 1, .2);
  EXPECT_GE(dispersion.variance(.16), .16 * 30);
}

TEST(Dispersion, ASlowChangeOfTheMeanAddsNothing) {
  Dispersion dispersion;
  for (int i = 0; i < 40000; ++i) dispersion.advance(100, 100 * (.9 - .4 * i / 40000));
  EXPECT_LT(dispersion.variance(.1), .01);
}

TEST(Dispersion, StartsFromThePrior) { EXPECT_EQ(Dispersion().variance(7), 7); }

}  // namespace
}  // namespace fanfare
