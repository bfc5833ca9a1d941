// SPDX-License-Identifier: Apache-2.0
// Which entries of a log are met for the first time.
#include "bpf/framers/log.h"

#include <gtest/gtest.h>

namespace fanfare {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::size_t met(fanfare_log& log, std::uint64_t first, std::uint64_t last, std::uint64_t now) {
  std::size_t count = 0;
  for (auto index = first; index <= last; ++index)
    count += static_cast<std::size_t>(log_meets(&log, index, now));
  return count;
}

TEST(Log, EachEntryIsMetOnce) {
  fanfare_log log{};
  EXPECT_EQ(met(log, 1000, 1009, 1), 10U) << "wherever it begins";
  EXPECT_EQ(met(log, 1000, 1009, 2), 0U) << "to the second follower";
  EXPECT_EQ(met(log, 1005, 1014, 3), 5U);
}

TEST(Log, AFollowerThatCatchesUpGetsNothingNew) {
  fanfare_log log{};
  met(log, 1, 10000, 1);
  std::size_t count = 0;
  for (std::uint64_t i = 0; i < 100; ++i)
    count += met(log, 100 * i + 1, 100 * i + 100, (2 + i) * second);
  EXPECT_EQ(count, 0U);
  EXPECT_EQ(met(log, 10001, 10001, 300 * second), 1U);
}

TEST(Log, OneThatHasBegunAnewIsBelievedAfterAMinute) {
  fanfare_log log{};
  met(log, 1, 10000, 1);
  EXPECT_EQ(met(log, 1, 60, 10 * second), 0U);
  EXPECT_EQ(met(log, 61, 100, 69 * second), 0U);
  EXPECT_EQ(met(log, 101, 110, 70 * second), 10U);
  EXPECT_EQ(met(log, 111, 120, 71 * second), 10U);
}

TEST(Log, AnEntryAboveTheEndBeginsTheMinuteAgain) {
  fanfare_log log{};
  met(log, 1, 10000, 1);
  met(log, 1, 10, 10 * second);
  EXPECT_EQ(met(log, 10001, 10001, 60 * second), 1U);
  EXPECT_EQ(met(log, 11, 20, 71 * second), 0U);
}

}  // namespace
}  // namespace fanfare
