// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "agent/ratios/coverage.h"
#include "agent/ratios/rates.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

Shard shard_with(std::string name, std::uint64_t events) {
  Shard shard;
  shard.name = std::move(name);
  shard.out.messages[FANFARE_EVENT] = events;
  shard.in.messages[FANFARE_EVENT] = events / 10;
  return shard;
}

TEST(Coverage, IsUnknownWithoutSocketsAndNeverGuessed) {
  Shard shard;
  EXPECT_FALSE(coverage(shard));
  shard.sockets_unsynced = 1;
  EXPECT_EQ(coverage(shard), 0.0);
  shard.sockets_synced = 3;
  EXPECT_EQ(coverage(shard), 0.75);
  shard.sockets_silent = shard.sockets_unsynced;
  EXPECT_EQ(coverage(shard), 1.0) << "what is silent hides nothing";
}

TEST(Rates, AreOverTheWindowAndNotSinceTheStart) {
  Rates rates(10s);
  std::vector<Rate> last;
  for (int second = 0; second <= 30; ++second) {
    const std::uint64_t events = second <= 10 ? 0 : static_cast<std::uint64_t>(second - 10) * 50;
    last = rates.advance(second * 1s, {shard_with("a", events)});
  }
  EXPECT_DOUBLE_EQ(last.at(0).events_out, 50);
  EXPECT_DOUBLE_EQ(last[0].events_in, 5);
}

TEST(Rates, AShardThatIsNewHasNoRateForWhatWasBefore) {
  Rates rates(10s);
  rates.advance(1s, {shard_with("a", 100)});
  const auto both = rates.advance(2s, {shard_with("a", 110), shard_with("b", 5000)});
  EXPECT_DOUBLE_EQ(both.at(0).events_out, 10);
  EXPECT_DOUBLE_EQ(both.at(1).events_out, 0);
}

TEST(Rates, SurviveAClockThatStandsStill) {
  Rates rates(10s);
  rates.advance(1s, {shard_with("a", 1)});
  EXPECT_DOUBLE_EQ(rates.advance(1s, {shard_with("a", 9)}).at(0).events_out, 0);
}

}  // namespace
}  // namespace fanfare
