// SPDX-License-Identifier: Apache-2.0
// The signals of delivery by stories, second by second.
#include <gmock/gmock.h>

#include <cmath>
#include <memory>

#include "agent/ratios/capped_test.h"
#include "tests/support/shard_story.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

// A shard of 1,000 clients, each of whom gets an event a second; 600 are silent now and then.
struct DeliveryStory : testing::Test {
  std::unique_ptr<ShardStory> story = std::make_unique<ShardStory>();
  std::uint64_t sockets = 1000, unsynced = 0, accepted = 20, copies = 1000;
  std::uint64_t acked = 990, lost = 10, unknown = 0, closed = 10, errors = 0, unsent_lost = 0;
  std::uint64_t stuck = 10, edge = 1000, inner = 0;
  std::array<std::uint64_t, age_classes> silent{100, 60, 60, 60}, judged{100, 300, 300, 300};

  const Judgement& second() {
    return story->second([&](ShardDelta& delta) {
      delta.replicates = delta.identifies = false;
      delta.commands = delta.reached = 0;
      delta.accepted = delta.published = accepted;
      delta.copies = copies;
      delta.sockets_synced = sockets;
      delta.sockets_unsynced = unsynced;
      delta.events_out = copies;
      delta.event_bytes_out = 100 * copies;
      auto& now = delta.delivery;
      now.fates[FANFARE_FATE_EVENT] = {.acked = acked, .lost = {lost, 0, 0}, .unknown = unknown};
      now.silent = silent;
      now.judged = judged;
      now.stuck = stuck;
      now.edge = edge;
      now.inner = inner;
      now.bookkeeping_error = errors;
      now.ended = closed;
      now.unsent_lost = {unsent_lost, 0, 0};
    });
  }

  const Signal& signal(const char* name) {
    const auto* found = find_signal(story->last(), name);
    EXPECT_NE(found, nullptr) << name;
    static const Signal none;
    return found ? *found : none;
  }

  // Until `name` is lost (or well), at most so many seconds.
  std::optional<int> until(int most, const char* name, bool wanted = true) {
    for (int i = 1; i <= most; ++i)
      if (is_lost(name)(second()) == wanted) return i;
    return std::nullopt;
  }

  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      for (const auto& each : second().signals) ASSERT_FALSE(each.lost) << each.name << " " << i;
    }
  }
};

TEST_F(DeliveryStory, AShardThatHasSaidNothingOfDeliveryHasNoSignalsOfIt) {
  acked = lost = closed = accepted = 0;
  judged = silent = {};
  pass(60);
  for (const auto* name : {signal_close_loss, signal_silence})
    EXPECT_EQ(find_signal(story->last(), name), nullptr) << name;
  // Those of its open sockets are there, and unknown.
  EXPECT_FALSE(signal(signal_ack_fate).ratio.value);
  EXPECT_FALSE(signal(signal_ack_fate).normal);
  EXPECT_FALSE(signal(signal_accepted).ratio.value);
}

TEST_F(DeliveryStory, TheFiguresAreThoseOfTheirWindows) {
  pass(700);
  const auto& acks = signal(signal_ack_fate);
  EXPECT_EQ(acks.ratio.numerator, 60 * 990);
  EXPECT_EQ(acks.ratio.denominator, 60 * 1000);
  EXPECT_EQ(acks.ratio.value, 0.99);
  EXPECT_NEAR(*acks.normal, 0.99, 1e-9);
  EXPECT_EQ(acks.evidence, 0);
  const auto& closes = signal(signal_close_loss);
  EXPECT_EQ(closes.ratio.numerator, 600 * 10);
  EXPECT_EQ(closes.ratio.denominator, 600 * 10);
  EXPECT_NEAR(*closes.normal, 1, 0.05);
  EXPECT_EQ(signal(signal_silence).ratio.value, 0.2);
  EXPECT_NEAR(*signal(signal_silence).normal, 0.2, 1e-9);
  EXPECT_EQ(signal(signal_stuck).ratio.value, 0.01);
  EXPECT_EQ(signal(signal_accepted).ratio.numerator, 60 * 20);
  EXPECT_NEAR(*signal(signal_accepted).ratio.value, 1, 1e-6);
  const auto& figures = story->last().delivery;
  EXPECT_EQ(figures.acked, 60U * 990);
  EXPECT_THAT(figures.lost, testing::ElementsAre(600, 0, 0));
  EXPECT_EQ(figures.closed, 600U);
  EXPECT_NEAR(figures.sockets_usual, 1000, 1e-6);
}

TEST_F(DeliveryStory, LostAcksAreFoundAfterFiveMinutesAndNotBefore) {
  pass(3600);
  acked = lost = 500;
  EXPECT_FALSE(until(270, signal_ack_fate));
  const auto found = until(40, signal_ack_fate);
  ASSERT_TRUE(found);
  EXPECT_NEAR(signal(signal_ack_fate).loss_estimate, 1 - 0.5 / 0.99, 0.01);
  const double normal = signal(signal_ack_fate).normal.value();
  EXPECT_NEAR(normal, 0.99, 0.01) << "the first minute was not suspicious yet";
  EXPECT_FALSE(until(24 * 3600, signal_ack_fate, false)) << "nothing ages into normal";
  EXPECT_EQ(signal(signal_ack_fate).normal, normal);
  acked = 990;
  lost = 10;
  const auto well = until(900, signal_ack_fate, false);
  ASSERT_TRUE(well);
  EXPECT_GE(*well, 120);
}

TEST_F(DeliveryStory, AnExcessOfSixPercentIsFoundAsSoonAndNoneOfTwo) {
  lost = 1;
  pass(3600);
  lost = 64;
  acked = 936;
  ASSERT_TRUE(until(330, signal_ack_fate));
  EXPECT_NEAR(signal(signal_ack_fate).loss_estimate, 0.063, 0.005);
}

TEST_F(DeliveryStory, WhatDriftsWithinTheToleranceIsNoLoss) {
  pass(3600);
  lost = 28;
  stuck = 100;
  silent = {100, 74, 74, 74};
  pass(6 * 3600);
}

TEST_F(DeliveryStory, UnknownFatesAreNotLost) {
  pass(600);
  unknown = 100000;
  pass(3600);
  EXPECT_EQ(signal(signal_ack_fate).evidence, 0);
  EXPECT_EQ(story->last().delivery.unknown, 60U * 100000);
}

TEST_F(DeliveryStory, AProxyThatDiesAndACellThatDiesAreOneEventEach) {
  pass(3600);
  lost = 1000000;
  closed = 1000;
  second();
  closed = 10;
  lost = 10;
  pass(600);
  lost = 9000;  // a cell: its sockets time out within three minutes
  pass(180);
  EXPECT_LT(signal(signal_ack_fate).evidence, 14);
  lost = 10;
  pass(600);
}

TEST_F(DeliveryStory, NoFateNoJudgement) {
  pass(3600);
  acked = lost = 0;
  pass(3600);
  EXPECT_FALSE(signal(signal_ack_fate).ratio.value);
  EXPECT_EQ(signal(signal_ack_fate).ratio.unknown, "there was nothing to judge by");
}

TEST_F(DeliveryStory, MoreLostWithEachCloseThanNormal) {
  lost = 1;
  pass(3600);
  EXPECT_NEAR(*signal(signal_close_loss).normal, 0.1, 0.01);
  lost = 80;  // eight seconds of traffic each, and eight percent of what leaves
  acked = 100000;
  ASSERT_TRUE(until(330, signal_close_loss));
  EXPECT_FALSE(signal(signal_ack_fate).lost);
  EXPECT_NEAR(*signal(signal_close_loss).ratio.value, 4, 1);
}

// What a cut client misses is unsent, all but the little that is in flight.
TEST_F(DeliveryStory, WhatWasNotSentIsLostWithItsSocketToo) {
  lost = 1;
  pass(3600);
  lost = 10;
  unsent_lost = 80 * 100;  // bytes: eight events for each socket
  ASSERT_TRUE(until(330, signal_close_loss));
  EXPECT_FALSE(signal(signal_ack_fate).lost);
  EXPECT_NEAR(*signal(signal_close_loss).ratio.value, 4.5, 1);
  EXPECT_EQ(story->last().delivery.unsent_lost, 60U * 8000);
}

TEST_F(DeliveryStory, ThatNobodyIsThrownOutAnyMoreIsRecoveryToo) {
  lost = 1;
  pass(3600);
  lost = 80;
  acked = 100000;
  ASSERT_TRUE(until(330, signal_close_loss));
  lost = closed = 0;
  acked = 1000;
  const auto well = until(1800, signal_close_loss, false);
  ASSERT_TRUE(well);
  EXPECT_GE(*well, 600) << "a minute of quiet proves no more than ten seconds of closes";
}

TEST_F(DeliveryStory, ABusyHourLosesMoreAtEachCloseAndIsNoFault) {
  pass(3600);
  copies = 10000;
  acked = 9900;
  pass(120);  // until the rate is known
  lost = 100;
  pass(3600);
  EXPECT_NEAR(*signal(signal_close_loss).normal, 10, 0.5);
}

TEST_F(DeliveryStory, LostSubscriptionsAreFoundAndNameTheirAge) {
  pass(3600);
  judged = {100, 800, 50, 50};
  silent = {100, 800, 10, 10};
  ASSERT_TRUE(until(330, signal_silence));
  EXPECT_EQ(story->last().delivery.silent_age, AgeClass::ten_minutes);
  EXPECT_NEAR(signal(signal_silence).loss_estimate, 1 - 0.0889 / 0.8, 0.02);
}

// Seven points more in all drown in what is normal; twenty more of the young than of the rest do
// not.
TEST_F(DeliveryStory, LostSubscriptionsOfTheYoungAreFoundByTheRest) {
  pass(3600);
  silent = {100, 120, 60, 60};
  ASSERT_TRUE(until(330, signal_silence));
  EXPECT_EQ(story->last().delivery.silent_age, AgeClass::ten_minutes);
  EXPECT_NEAR(signal(signal_silence).loss_estimate, 60.0 / 720, 0.02);
  EXPECT_NEAR(*signal(signal_silence).ratio.value, 240.0 / 900, 0.01);
  EXPECT_NEAR(*signal(signal_silence).normal, 0.2, 0.01);
  // They have all opened anew: of one age, and no more of them silent than is normal.
  judged = {100, 900, 0, 0};
  silent = {100, 180, 0, 0};
  ASSERT_TRUE(until(900, signal_silence, false));
}

TEST_F(DeliveryStory, FewSocketsOfAnAgeAreNotComparedWithTheRest) {
  judged = {100, 880, 20, 0};
  silent = {100, 176, 4, 0};
  pass(3600);
  silent = {100, 176, 20, 0};
  pass(3600);
  EXPECT_EQ(signal(signal_silence).evidence, 0);
}

TEST_F(DeliveryStory, ThoseYoungerThanAMinuteAreNotJudged) {
  judged[0] = 1000;
  silent[0] = 0;
  pass(3600);
  silent[0] = 1000;
  pass(3600);
  EXPECT_EQ(signal(signal_silence).evidence, 0);
  EXPECT_FALSE(story->last().delivery.silent_age);
}

TEST_F(DeliveryStory, AShardThatEmitsNothingHasNoSilentSockets) {
  pass(3600);
  copies = 0;
  silent = judged;
  EXPECT_FALSE(until(3600, signal_silence));
  EXPECT_FALSE(signal(signal_silence).ratio.value);
}

// Half as many events reach half as many of the sockets in time: a bound, however the rooms are.
TEST_F(DeliveryStory, AQuietNightIsNoLossOfSubscriptions) {
  pass(3600);
  accepted = 5;
  copies = 250;
  silent = {100, 240, 240, 240};
  second();
  for (int i = 0; i < 900; ++i) second();  // as the rate of five minutes falls
  pass(6 * 3600);
}

TEST_F(DeliveryStory, ClientsThatAreStuck) {
  pass(3600);
  stuck = 500;
  ASSERT_TRUE(until(330, signal_stuck));
  EXPECT_NEAR(signal(signal_stuck).loss_estimate, 1 - 0.5 / 0.99, 0.01);
}

TEST_F(DeliveryStory, StuckAreTheClientsAndNotTheProxysSockets) {
  edge = 100;
  inner = 900;
  second();
  EXPECT_EQ(signal(signal_stuck).ratio.value, 0.1);
  EXPECT_EQ(story->last().delivery.followed, 100U);
  edge = 0;
  for (int i = 0; i < 10; ++i) second();
  EXPECT_EQ(signal(signal_stuck).ratio.value, 0.01);
}

TEST_F(DeliveryStory, NothingIsAcceptedAnyMore) {
  pass(26 * 3600);
  accepted = 0;
  const auto found = until(300, signal_accepted);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, 120);
  EXPECT_EQ(story->now() - signal(signal_accepted).lost_since, 120s);
  accepted = 1;
  EXPECT_EQ(until(10, signal_accepted, false), 5) << "one event proves nothing";
}

TEST_F(DeliveryStory, AtTheFirstStartAGapMustBeTenTimesAsLong) {
  accepted = 1;
  pass(1200);
  accepted = 0;
  const auto found = until(600, signal_accepted);
  ASSERT_TRUE(found);
  EXPECT_NEAR(*found, 400 - 360 * 1200 / 86400, 2);
}

TEST_F(DeliveryStory, WhoHasLeftPublishesNothing) {
  pass(26 * 3600);
  accepted = 0;
  sockets = 400;
  EXPECT_FALSE(until(1000, signal_accepted));
  EXPECT_EQ(signal(signal_accepted).ratio.unknown, "the clients' sockets have left");
  EXPECT_TRUE(is_collapsed(story->last().delivery));
}

TEST_F(DeliveryStory, AShardWithoutASocketStaysCollapsedForDays) {
  sockets = 100;
  pass(599);
  EXPECT_EQ(story->last().delivery.sockets_usual, 0) << "known after ten minutes";
  pass(2);
  EXPECT_NEAR(story->last().delivery.sockets_usual, 100, 1e-6);
  pass(6 * 3600);
  sockets = 51;
  second();
  EXPECT_FALSE(is_collapsed(story->last().delivery));
  sockets = 49;
  second();
  EXPECT_TRUE(is_collapsed(story->last().delivery));
  sockets = 0;
  for (int i = 0; i < 24 * 3600; ++i) second();
  EXPECT_TRUE(is_collapsed(story->last().delivery));
  for (int i = 0; i < 48 * 3600; ++i) second();
  EXPECT_FALSE(is_collapsed(story->last().delivery)) << "a node that was drained for good";
  for (int i = 0; i < 600; ++i) {
    sockets = 100;
    second();
  }
  EXPECT_GT(story->last().delivery.sockets_usual, 10);
  sockets = 49;  // where many are left, it is the new normal within the hour
  for (int i = 0; i < 3600; ++i) second();
  EXPECT_FALSE(is_collapsed(story->last().delivery));
}

TEST_F(DeliveryStory, CountsThatDoNotFitVoidTheirBlock) {
  pass(3600);
  errors = 1;
  acked = 0;
  EXPECT_FALSE(until(3600, signal_ack_fate));
  EXPECT_EQ(story->last().delivery.bookkeeping_error, 600U);
  errors = 0;
  acked = 990;
  pass(599);
  EXPECT_EQ(story->last().delivery.bookkeeping_error, 1U);
  pass(1);
  EXPECT_EQ(story->last().delivery.bookkeeping_error, 0U);
}

TEST_F(DeliveryStory, AllBehindAProxyOfThisHost) {
  EXPECT_FALSE(second().delivery.inner_only);
  inner = 1;
  EXPECT_FALSE(second().delivery.inner_only);
  edge = 0;
  EXPECT_TRUE(second().delivery.inner_only);
  inner = 0;
  EXPECT_FALSE(second().delivery.inner_only) << "nobody is there";
}

TEST_F(DeliveryStory, ARestartForgetsNeitherWhatIsNormalNorWhatIsLost) {
  pass(26 * 3600);
  acked = lost = 500;
  accepted = 0;
  stuck = 500;
  ASSERT_TRUE(until(400, signal_ack_fate));
  ASSERT_TRUE(until(400, signal_stuck));
  ASSERT_TRUE(is_lost(signal_accepted)(story->last()));
  const auto before = story->last();
  const auto saved = story->judge().save();
  story = std::make_unique<ShardStory>();
  ASSERT_TRUE(story->judge().restore(saved));
  acked = lost = closed = 0;  // nothing more is heard of: it is known all the same
  judged = silent = {};
  second();
  for (const auto* name :
       {signal_ack_fate, signal_stuck, signal_accepted, signal_close_loss, signal_silence}) {
    const auto* then = find_signal(before, name);
    const auto& now = signal(name);
    EXPECT_EQ(now.lost, then->lost) << name;
    EXPECT_NEAR(now.evidence, then->evidence, 1) << name;
    EXPECT_EQ(now.normal.has_value(), then->normal.has_value()) << name;
    if (now.lost) {
      EXPECT_EQ(now.lost_since, story->now()) << name;
    }
  }
  EXPECT_NEAR(story->last().delivery.sockets_usual, 1000, 1e-6);
}

TEST_F(DeliveryStory, AStateFromBeforeThereWasSuchAThingIsTaken) {
  pass(600);
  auto saved = story->judge().save();
  const auto from = saved.find(",\"delivery\":");
  ASSERT_NE(from, std::string::npos);
  saved.erase(from, saved.rfind("}}}") - from);
  ShardStory again;
  ASSERT_TRUE(again.judge().restore(saved));
  const auto* copies_signal = find_signal(again.second(), signal_copies);
  EXPECT_TRUE(copies_signal->normal);
}

// The claim that the test rests on: the mean of exp(increment) is at most 1 for the whole null,
// here at its border, for laws from all-or-nothing to steady.
TEST(CappedTest, IsASupermartingaleAtTheBorderOfItsNull) {
  for (const double worst : {0.02, 0.1, 0.3, 0.44})
    for (const double bad : {worst, 2 * worst, 1.0}) {
      if (bad > 1) continue;
      const CappedTest test(1 - worst / 2, worst);
      const double chance = worst / bad;  // of a bad block; else none is bad
      const auto ill = test.increments(1, 1 - bad);
      const auto well = test.increments(1, 1);
      for (std::size_t k = 0; k < ill.size(); ++k)
        EXPECT_LE(chance * std::exp(ill[k]) + (1 - chance) * std::exp(well[k]), 1 + 1e-9)
            << worst << " " << bad << " " << k;
    }
}

TEST(CappedTest, NoBlockBringsMoreThanTheCap) {
  const CappedTest test(0.99, 0.03);
  for (const double seen : {0.0, 0.5, 0.9})
    for (const double nats : test.increments(1, seen)) EXPECT_LE(nats, 0.8);
}

}  // namespace
}  // namespace fanfare
