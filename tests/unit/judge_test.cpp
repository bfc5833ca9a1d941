// SPDX-License-Identifier: Apache-2.0
// The judge by stories: what an operator would live through, and what must be said when.
#include "agent/ratios/judge.h"

#include <gmock/gmock.h>

#include "tests/support/shard_story.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr int settle = 5;  // s

struct JudgeStory : testing::Test {
  ShardStory story;
  const Signal& reach() { return *find_signal(story.last(), signal_reach); }
  const Signal& copies() { return *find_signal(story.last(), signal_copies); }
};

TEST_F(JudgeStory, ARollingFaultIsFoundWithinThreeSecondsOfItsSettleTime) {
  ASSERT_FALSE(story.lost_within(60));
  EXPECT_EQ(reach().ratio.value, 1);
  EXPECT_EQ(reach().normal, 1);
  story.reach = 1.0 / 3;
  const auto began = story.now();
  const auto found = story.until(30, is_lost(signal_reach));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 3);
  EXPECT_NEAR(reach().loss_estimate, 2.0 / 3, 0.05);
  EXPECT_EQ(reach().lost_since, began + 1s);
  EXPECT_GE(reach().evidence, reach().threshold);
  EXPECT_EQ(reach().recovery, 0);
}

TEST_F(JudgeStory, TheEstimateLeavesOutTheSecondInWhichTheFaultBegan) {
  ASSERT_FALSE(story.lost_within(60));
  story.reach = 0.6;
  story.second();
  story.reach = 1.0 / 3;
  ASSERT_TRUE(story.until(settle + 3, is_lost(signal_reach)));
  EXPECT_NEAR(reach().loss_estimate, 2.0 / 3, 0.05);
}

TEST_F(JudgeStory, TheRatioIsThatOfTheTenSecondsThatSettledLast) {
  story.lost_within(60);
  story.reach = 0.5;
  for (int i = 0; i < settle + 5; ++i) story.second();
  EXPECT_EQ(reach().ratio.denominator, 200);
  EXPECT_EQ(reach().ratio.numerator, 150);
  EXPECT_EQ(reach().ratio.value, 0.75);
  EXPECT_EQ(reach().ratio.coverage, 1);
  EXPECT_EQ(reach().ratio.losses, 0u);
}

TEST_F(JudgeStory, AnEchoToTheSenderOnlyIsATotalLossOfReach) {
  ASSERT_FALSE(story.lost_within(60));
  story.reach = 0;
  story.copies_per_event = 0;
  const auto found =
      story.until(30, [](const Judgement& judgement) { return is_lost(signal_reach)(judgement); });
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 3);
  EXPECT_NEAR(reach().loss_estimate, 1, 0.05);
}

TEST_F(JudgeStory, ATotalStopIsSeenByCopiesWhereEventsHaveNoIdentity) {
  story.identifies = false;
  ASSERT_FALSE(story.lost_within(300));
  ASSERT_EQ(find_signal(story.last(), signal_reach), nullptr);
  story.copies_per_event = 0;
  const auto found = story.until(60, is_lost(signal_copies));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 12);
  EXPECT_NEAR(copies().loss_estimate, 1, 0.05);
}

TEST_F(JudgeStory, HalfOfTheCopiesMissingIsSeenByCopiesWhileReachIsWhole) {
  ASSERT_FALSE(story.lost_within(600));
  story.copies_per_event = 5;
  const auto found = story.until(120, is_lost(signal_copies));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 40);
  EXPECT_NEAR(copies().loss_estimate, 0.5, 0.05);
  EXPECT_FALSE(reach().lost);
}

TEST_F(JudgeStory, AFaultThatReachHasSeenIsNotLearnedByCopies) {
  ASSERT_FALSE(story.lost_within(40));
  const double before = copies().normal.value();
  story.reach = 1.0 / 3;
  story.copies_per_event = 4;
  ASSERT_TRUE(story.until(settle + 3, is_lost(signal_reach)));
  for (int i = 0; i < 300; ++i) story.second();
  EXPECT_EQ(copies().normal, before);
}

TEST_F(JudgeStory, WithoutReplicationWhatTheNodeAcceptsIsDue) {
  story.replicates = false;
  ASSERT_FALSE(story.lost_within(60));
  EXPECT_EQ(reach().ratio.denominator, 200);
  story.reach = 0;
  EXPECT_TRUE(story.until(settle + 3, is_lost(signal_reach)));
}

TEST_F(JudgeStory, TrafficTimesFiveAndFiftyIsNoLoss) {
  ASSERT_FALSE(story.lost_within(60));
  for (const std::uint64_t due : {100, 20, 1000, 20}) {
    story.due = due;
    EXPECT_FALSE(story.lost_within(60));
  }
}

TEST_F(JudgeStory, ALossThatBeginsWithARiseOfTrafficIsFound) {
  ASSERT_FALSE(story.lost_within(60));
  story.due = 100;
  story.reach = 1.0 / 3;
  EXPECT_TRUE(story.until(settle + 3, is_lost(signal_reach)));
}

TEST_F(JudgeStory, AReconnectStormIsNoLoss) {
  ASSERT_FALSE(story.lost_within(600));
  for (int second = 0; second < 120; ++second) {
    story.sockets =
        static_cast<std::uint64_t>(second < 60 ? 100 - 1.5 * second : 10 + 1.5 * (second - 60));
    story.reach = static_cast<double>(story.sockets) / 100;
    story.copies_per_event = 10 * story.reach;
    story.second();
    ASSERT_FALSE(reach().lost) << second;
    ASSERT_FALSE(copies().lost) << second;
  }
  story.sockets = 100;
  story.reach = 1;
  story.copies_per_event = 10;
  EXPECT_FALSE(story.lost_within(300));
}

TEST_F(JudgeStory, ARollingRestartIsNoLoss) {
  ASSERT_FALSE(story.lost_within(300));
  story.sockets = 0;
  story.reach = 0;
  story.copies_per_event = 0;
  ASSERT_FALSE(story.lost_within(2));
  for (const std::uint64_t sockets : {20, 60, 100}) {
    story.sockets = sockets;
    story.reach = static_cast<double>(sockets) / 100;
    story.copies_per_event = 10 * story.reach;
    ASSERT_FALSE(story.lost_within(1));
  }
  EXPECT_FALSE(story.lost_within(120));
}

TEST_F(JudgeStory, ABadBuildThatARestartBringsIsFoundAfterIt) {
  ASSERT_FALSE(story.lost_within(300));
  story.sockets = 0;
  story.reach = 0;
  ASSERT_FALSE(story.lost_within(2));
  story.sockets = 100;
  story.reach = 1.0 / 3;
  const auto found = story.until(60, is_lost(signal_reach));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 4);
}

TEST_F(JudgeStory, AnElectionOfThreeSecondsIsNoLoss) {
  ASSERT_FALSE(story.lost_within(60));
  // Entries arrive and are not committed; then all of them are, at once.
  const auto stalled = [](ShardDelta& delta) { delta.reached = delta.copies = 0; };
  for (int i = 0; i < 3; ++i) story.second(stalled);
  story.second([](ShardDelta& delta) { delta.reached = 80, delta.copies = 800; });
  EXPECT_FALSE(story.lost_within(60));
  // Nothing is accepted, then all that has waited.
  story.due = 0;
  EXPECT_FALSE(story.lost_within(3));
  story.due = 80;
  EXPECT_FALSE(story.lost_within(1));
  story.due = 20;
  EXPECT_FALSE(story.lost_within(60));
  EXPECT_LT(reach().evidence, 3);
  EXPECT_LT(copies().evidence, 3);
}

TEST_F(JudgeStory, OneTornSecondIsNoLoss) {
  ASSERT_FALSE(story.lost_within(60));
  story.second([](ShardDelta& delta) { delta.reached = delta.copies = 0; });
  EXPECT_FALSE(story.lost_within(60));
}

TEST_F(JudgeStory, ASlowCommitAcrossTheBordersOfSecondsIsNoLoss) {
  std::uint64_t late = 0;
  const auto lagged = [&late](ShardDelta& delta) {
    const auto carried = delta.commands * 3 / 10;  // 300 ms
    delta.reached = delta.commands - carried + late;
    late = carried;
  };
  for (int i = 0; i < 600; ++i) {
    story.due = i % 3 ? 10 : 50;
    story.second(lagged);
    ASSERT_EQ(reach().evidence, 0) << i;
  }
  EXPECT_EQ(reach().ratio.value, 1);
}

TEST_F(JudgeStory, TwelveIdleHoursAndTenEventsAreNoLoss) {
  ASSERT_FALSE(story.lost_within(60));
  story.due = 0;
  ASSERT_FALSE(story.lost_within(12 * 3600));
  EXPECT_FALSE(reach().ratio.value);
  EXPECT_EQ(reach().ratio.unknown, "nothing was due in the last 10 s");
  EXPECT_EQ(reach().detectable_loss, 1);
  story.due = 10;
  ASSERT_FALSE(story.lost_within(1));
  story.due = 0;
  EXPECT_FALSE(story.lost_within(60));
}

TEST_F(JudgeStory, ADayOfOutageStaysLostAndTheRollBackEndsIt) {
  ASSERT_FALSE(story.lost_within(300));
  story.reach = 1.0 / 3;
  ASSERT_TRUE(story.until(settle + 3, is_lost(signal_reach)));
  EXPECT_FALSE(story.until(24 * 3600, is_well(signal_reach)));
  EXPECT_NEAR(reach().loss_estimate, 2.0 / 3, 0.01);
  EXPECT_NEAR(*reach().normal, 1, 1e-3);
  EXPECT_LE(reach().evidence, reach().threshold + 201);
  story.reach = 1;
  const auto well = story.until(60, is_well(signal_reach));
  ASSERT_TRUE(well);
  EXPECT_GE(*well, settle + 5);
  EXPECT_LE(*well, settle + 8);
  EXPECT_EQ(reach().evidence, 0);
}

TEST_F(JudgeStory, NoTrafficProvesNoRecovery) {
  ASSERT_FALSE(story.lost_within(60));
  story.reach = 0;
  ASSERT_TRUE(story.until(settle + 3, is_lost(signal_reach)));
  story.due = 0;
  EXPECT_FALSE(story.until(3600, is_well(signal_reach)));
  story.due = 20;
  story.sockets = 0;
  EXPECT_FALSE(story.until(3600, is_well(signal_reach)));
}

TEST_F(JudgeStory, TwentyPercentAndFivePercentAreFoundLater) {
  ASSERT_FALSE(story.lost_within(3600));
  story.reach = 0.95;
  const auto found = story.until(600, is_lost(signal_reach));
  ASSERT_TRUE(found);
  EXPECT_NEAR(reach().loss_estimate, 0.05, 0.02);
  story.reach = 1;
  EXPECT_TRUE(story.until(600, is_well(signal_reach)));
}

TEST_F(JudgeStory, AnAgentsRestartForgetsNeitherWhatIsNormalNorWhatIsLost) {
  ASSERT_FALSE(story.lost_within(300));
  ShardStory healthy;
  ASSERT_TRUE(healthy.judge().restore(story.judge().save()));
  EXPECT_DOUBLE_EQ(*find_signal(healthy.second(), signal_reach)->normal, 1);
  EXPECT_DOUBLE_EQ(*find_signal(healthy.last(), signal_copies)->normal, 10);
  ASSERT_FALSE(healthy.lost_within(10));
  healthy.reach = 1.0 / 3;
  EXPECT_TRUE(healthy.until(settle + 3, is_lost(signal_reach)));
  story.reach = 1.0 / 3;
  ASSERT_TRUE(story.until(settle + 3, is_lost(signal_reach)));
  const auto saved = story.judge().save();

  ShardStory again;
  ASSERT_TRUE(again.judge().restore(saved));
  again.reach = 1.0 / 3;
  const auto* signal = find_signal(again.second(), signal_reach);
  EXPECT_TRUE(signal->lost);
  EXPECT_EQ(signal->lost_since, again.now());
  EXPECT_NEAR(signal->loss_estimate, 2.0 / 3, 0.05);
  EXPECT_FALSE(again.until(3600, is_well(signal_reach)));
  again.reach = 1;
  EXPECT_TRUE(again.until(60, is_well(signal_reach)));
}

TEST_F(JudgeStory, AStateThatIsNoneChangesNothing) {
  ASSERT_FALSE(story.lost_within(60));
  const auto saved = story.judge().save();
  for (const auto* text :
       {"", "{", "[]", "{}", R"({"version":2,"shards":{}})", R"({"version":1,"shards":[]})",
        R"({"version":1,"shards":{"chat":{"reach":{},"copies":{},"replication":{}}}})"})
    EXPECT_FALSE(story.judge().restore(text)) << text;
  auto wrong = saved;
  wrong.replace(wrong.find("\"nats\":") + 7, 1, "1E999,\"x\":-");
  EXPECT_FALSE(story.judge().restore(wrong));
  EXPECT_EQ(story.judge().save(), saved);
}

TEST_F(JudgeStory, WhatCannotBeSeenIsUnknownAndProvesNothing) {
  ASSERT_FALSE(story.lost_within(60));
  const auto evidence_stays_zero = [&](const char* why) {
    for (int i = 0; i < 30; ++i) {
      story.second();
      ASSERT_EQ(reach().evidence, 0) << why;
    }
    EXPECT_FALSE(reach().ratio.value) << why;
    EXPECT_EQ(reach().ratio.unknown, why);
  };
  story.reach = 0;
  story.unsynced = 30;
  evidence_stays_zero("too few of the client sockets can be read");
  story.unsynced = 0;
  story.losses.out = 1000;
  evidence_stays_zero("too much of this shard was lost in the capture");
  EXPECT_EQ(story.last().losses.out, 10000u);
  story.losses = {};
  story.unidentified = 1000;
  evidence_stays_zero("too many events carry no identity that can be read");
  story.unidentified = 0;
  EXPECT_TRUE(story.until(2 * settle + 3, is_lost(signal_reach)));
}

// One client a second sends a frame that no server can read, or 6 % of the sockets are dark.
TEST_F(JudgeStory, WhatClientsSendAndFewDarkSocketsDoNotMuteAnOutage) {
  for (const bool replicates : {true, false}) {
    ShardStory told;
    told.replicates = replicates;
    told.losses.in = 1;
    told.unsynced = 6;
    ASSERT_FALSE(told.lost_within(60));
    ASSERT_TRUE(find_signal(told.last(), signal_reach)->ratio.value);
    told.reach = 1.0 / 3;
    const auto found = told.until(30, is_lost(signal_reach));
    ASSERT_TRUE(found);
    EXPECT_LE(*found, settle + 3);
  }
}

// A loss widens a bound: of 200 copies one may have left unseen, so of 20 events a tenth of one.
TEST_F(JudgeStory, ALossOnTheWayOutCountsAsSeen) {
  ASSERT_FALSE(story.lost_within(60));
  story.losses.out = 1;
  story.reach = 0.995;  // all of what is missing may be what was lost
  EXPECT_FALSE(story.lost_within(120));
  EXPECT_EQ(reach().evidence, 0);
  story.reach = 1.0 / 3;
  const auto found = story.until(30, is_lost(signal_reach));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 4);
}

TEST_F(JudgeStory, ALossOnTheWayOutProvesNoRecovery) {
  ASSERT_FALSE(story.lost_within(60));
  story.reach = 1.0 / 2;
  ASSERT_TRUE(story.until(30, is_lost(signal_reach)));
  story.losses.out = 9;  // of 10 that are missing
  EXPECT_FALSE(story.until(120, is_well(signal_reach)));
  story.losses = {};
  story.reach = 1;
  EXPECT_TRUE(story.until(60, is_well(signal_reach)));
}

TEST_F(JudgeStory, WhatWasLostBetweenNodesConcernsWhatIsDue) {
  ASSERT_FALSE(story.lost_within(60));
  story.losses.replication = 20;
  for (int i = 0; i < settle + 10; ++i) story.second();
  EXPECT_FALSE(reach().ratio.value);
  EXPECT_EQ(story.last().relevant_losses, 200u);
}

// Identity by the payload, and the server writes another one for each client (STOMP message-id).
TEST_F(JudgeStory, MoreReachedThanWasDueIsAContradiction) {
  story.reach = 2;
  ASSERT_FALSE(story.lost_within(180));
  EXPECT_TRUE(reach().ratio.contradiction);
  EXPECT_FALSE(reach().ratio.value);
  EXPECT_EQ(reach().ratio.unknown,
            "2400 events reached clients in a minute in which 1200 were due");
  story.reach = 1;
  EXPECT_TRUE(story.until(120, [](const Judgement& judgement) {
    return find_signal(judgement, signal_reach)->ratio.value.has_value();
  }));
}

TEST_F(JudgeStory, WithoutReplicationTheSameIsNoTotalStop) {
  story.replicates = false;
  story.reach = 0;
  story.elsewhere = 40;
  EXPECT_FALSE(story.lost_within(300));
  EXPECT_TRUE(reach().ratio.contradiction);
  EXPECT_THAT(reach().ratio.unknown,
              testing::HasSubstr("none of 1200 events published here reached a client, and 2400"));
}

// A queue that is set free after a stop brings more than its share, for a while.
TEST_F(JudgeStory, WhatComesLateIsNoContradiction) {
  ASSERT_FALSE(story.lost_within(60));
  story.reach = 0;
  for (int i = 0; i < 40; ++i) story.second();
  story.reach = 1;
  story.second([](ShardDelta& delta) { delta.reached = delta.reached_local += 800; });
  EXPECT_FALSE(story.until(180, [](const Judgement& judgement) {
    return find_signal(judgement, signal_reach)->ratio.contradiction;
  }));
}

// Several nodes on a bus, without replication that is read: the others' events flow, and all that
// this node accepts is lost.
TEST_F(JudgeStory, OtherNodesEventsDoNotHideTheLossOfThoseAcceptedHere) {
  story.replicates = false;
  story.elsewhere = 40;
  ASSERT_FALSE(story.lost_within(60));
  EXPECT_EQ(reach().ratio.value, 1);
  story.reach = 0;
  const auto found = story.until(30, is_lost(signal_reach));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 3);
}

TEST_F(JudgeStory, AFirstStartIntoATotalStopIsFoundBeforeAnythingIsLearned) {
  story.reach = 0;
  story.copies_per_event = 0;
  const auto found = story.until(60, is_lost(signal_reach));
  ASSERT_TRUE(found);
  EXPECT_LE(*found, settle + 8);
  EXPECT_FALSE(reach().normal);
}

TEST_F(JudgeStory, ALargeShardOfWhichFewEventsConcernThisNodeIsNotIll) {
  story.due = 200;
  story.reach = 0.05;
  EXPECT_FALSE(story.lost_within(600));
  EXPECT_NEAR(*reach().normal, 0.05, 0.001);
}

TEST_F(JudgeStory, ANodeWithTwoSocketsThatNothingConcernsYetIsNotIll) {
  story.sockets = 2;
  story.reach = 0;
  EXPECT_FALSE(story.lost_within(30));
}

TEST_F(JudgeStory, SaysWhatItCouldSee) {
  ASSERT_FALSE(story.lost_within(3600));
  const double busy = reach().detectable_loss;
  EXPECT_GT(busy, 0.02);
  EXPECT_LT(busy, 0.06);
  story.due = 1;
  ASSERT_FALSE(story.lost_within(120));
  EXPECT_GT(reach().detectable_loss, busy);
}

}  // namespace
}  // namespace fanfare
