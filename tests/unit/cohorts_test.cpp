// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/cohorts.h"

#include <gmock/gmock.h>

#include <vector>

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct Tick {
  double due, seen;
  std::uint64_t sockets = 10;
};

// What settles of such seconds, in order, after ten more without anything.
std::vector<Cohort> settled(const std::vector<Tick>& ticks, Surplus surplus) {
  Cohorts cohorts(surplus);
  std::vector<Cohort> result;
  for (std::size_t i = 0; i < ticks.size() + 10; ++i) {
    const auto tick = i < ticks.size() ? ticks[i] : Tick{0, 0};
    const auto now = std::chrono::seconds(i + 1);
    cohorts.add({.at = now,
                 .span = 1s,
                 .due = tick.due,
                 .seen = tick.seen,
                 .capacity = tick.due,
                 .sockets = tick.sockets,
                 .coverage = 1,
                 .unusable = {}});
    while (const auto cohort = cohorts.take(now))
      if (result.size() < ticks.size()) result.push_back(*cohort);
  }
  return result;
}

std::vector<double> seen_of(const std::vector<Tick>& ticks, Surplus surplus = Surplus::dropped) {
  std::vector<double> seen;
  for (const auto& cohort : settled(ticks, surplus)) seen.push_back(cohort.seen);
  return seen;
}

TEST(Cohorts, SettleFiveSecondsAfterTheirEnd) {
  Cohorts cohorts(Surplus::dropped);
  cohorts.add({.at = 10s, .span = 1s, .due = 3, .coverage = 1, .unusable = {}});
  EXPECT_FALSE(cohorts.take(14s));
  const auto cohort = cohorts.take(14900ms);  // the timer wanders
  ASSERT_TRUE(cohort);
  EXPECT_EQ(cohort->due, 3);
  EXPECT_FALSE(cohorts.take(100s));
}

TEST(Cohorts, LagAtTheBordersOfSecondsCancels) {
  EXPECT_THAT(seen_of({{10, 7}, {10, 10}, {10, 10}, {0, 3}}), ElementsAre(10, 10, 10, 0));
}

TEST(Cohorts, ABurstFillsFiveSecondsBackAndNoMore) {
  EXPECT_THAT(seen_of({{4, 0}, {4, 0}, {4, 0}, {4, 0}, {4, 20}, {0, 0}}),
              ElementsAre(4, 4, 4, 4, 4, 0));
  EXPECT_THAT(seen_of({{4, 0}, {4, 0}, {4, 0}, {4, 0}, {4, 0}, {4, 0}, {0, 24}}),
              ElementsAre(0, 4, 4, 4, 4, 4, 0));
}

TEST(Cohorts, WhatIsLostStaysLostAndIsNotPutOff) {
  EXPECT_THAT(seen_of({{10, 10}, {10, 3}, {10, 3}, {10, 3}, {10, 3}}), ElementsAre(10, 3, 3, 3, 3));
  // Lost and late at once: three of ten lost, one of ten late. Nothing is made up.
  const auto seen = seen_of({{10, 6}, {10, 7}, {10, 7}, {0, 1}});
  EXPECT_EQ(seen[0] + seen[1] + seen[2] + seen[3], 21);
}

TEST(Cohorts, EarlierSurplusFillsNothingAndIsNotMoreThanAll) {
  EXPECT_THAT(seen_of({{10, 15}, {10, 5}}), ElementsAre(10, 5));
}

TEST(Cohorts, OfAMeanSurplusIsMovedAndTheRestIsKept) {
  EXPECT_THAT(seen_of({{10, 4}, {10, 30}, {10, 10}}, Surplus::kept), ElementsAre(10, 24, 10));
}

TEST(Cohorts, TheFewestSocketsFromTheTickBeforeToTheSettledOneCount) {
  const auto cohorts = settled({{1, 1, 50},
                                {1, 1, 100},
                                {1, 1, 100},
                                {1, 1, 100},
                                {1, 1, 100},
                                {1, 1, 100},
                                {1, 1, 100},
                                {1, 1, 70},
                                {1, 1, 100}},
                               Surplus::dropped);
  std::vector<std::uint64_t> sockets;
  for (const auto& cohort : cohorts) sockets.push_back(cohort.sockets);
  EXPECT_EQ(sockets[0], 50u);
  EXPECT_EQ(sockets[1], 50u);  // the tick before
  EXPECT_EQ(sockets[2], 70u);  // five later
  EXPECT_EQ(sockets[7], 10u);  // ours after the end
}

TEST(Cohorts, ALongSpanIsOneCohort) {
  Cohorts cohorts(Surplus::dropped);
  cohorts.add(
      {.at = 1s, .span = 1s, .due = 5, .seen = 0, .capacity = 5, .coverage = 1, .unusable = {}});
  cohorts.add({.at = 61s,
               .span = 60s,
               .due = 300,
               .seen = 305,
               .capacity = 300,
               .coverage = 1,
               .unusable = {}});
  EXPECT_EQ(cohorts.take(61s)->seen, 5);
  EXPECT_FALSE(cohorts.take(61s));
  EXPECT_EQ(cohorts.take(66s)->seen, 300);
}

}  // namespace
}  // namespace fanfare
