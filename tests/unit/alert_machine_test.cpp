// SPDX-License-Identifier: Apache-2.0
// Every transition of one alert, tick by tick.
#include "agent/alerts/machine.h"

#include <gtest/gtest.h>

#include "tests/unit/sample_judgement.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using sample::start;
using sample::start_wall;

constexpr Observation critical{Verdict::ill, Severity::critical, 0.66};
constexpr Observation warning{Verdict::ill, Severity::warning, 0.02};
constexpr Observation note{Verdict::ill, Severity::info, 0.005};
constexpr Observation well{Verdict::well};
constexpr Observation unknown{Verdict::unknown};
constexpr Observation replaced{Verdict::replaced};

// A machine that ticks once a second.
struct Life {
  explicit Life(const Patience& patience = {}) : machine(patience, "FanfareX", "chat-1", "n3") {}

  void tick(const Observation& seen, const Texts& texts = {"broadcast", "s", "w", "n"}) {
    now += 1s;
    wall += 1s;
    machine.advance(seen, texts, now, wall);
  }
  void tick(int times, const Observation& seen) {
    for (int i = 0; i < times; ++i) tick(seen);
  }
  // "none", or the state's name
  std::string state() const {
    return machine.alert() ? std::string(state_name(machine.alert()->state)) : "none";
  }

  AlertMachine machine;
  Monotonic now = start;
  Wall wall = start_wall;
};

TEST(AlertMachine, StartsWithNothing) {
  Life life;
  EXPECT_EQ(life.state(), "none");
  life.tick(well);
  life.tick(unknown);
  EXPECT_EQ(life.state(), "none");
}

TEST(AlertMachine, FiresAtOnceWithoutHold) {
  Life life;
  life.tick(critical);
  ASSERT_EQ(life.state(), "firing");
  const Alert expected{.name = "FanfareX",
                       .shard = "chat-1",
                       .peer = "n3",
                       .severity = Severity::critical,
                       .state = AlertState::firing,
                       .since = start + 1s,
                       .started = start_wall + 1s,
                       .ended = {},
                       .step = "broadcast",
                       .summary = "s",
                       .why = "w",
                       .next = "n",
                       .value = 0.66};
  EXPECT_EQ(*life.machine.alert(), expected);
}

TEST(AlertMachine, HoldsFirst) {
  Life life({.hold = 10s});
  life.tick(10, critical);
  ASSERT_EQ(life.state(), "pending");
  EXPECT_EQ(life.machine.alert()->since, start + 1s);
  EXPECT_EQ(life.machine.alert()->started, start_wall + 1s);
  life.tick(critical);
  ASSERT_EQ(life.state(), "firing");
  EXPECT_EQ(life.machine.alert()->since, start + 11s);
  EXPECT_EQ(life.machine.alert()->started, start_wall + 11s);
}

TEST(AlertMachine, AnyOtherWordBreaksTheHold) {
  for (const Observation& other : {well, unknown, replaced}) {
    Life life({.hold = 10s});
    life.tick(9, critical);
    life.tick(other);
    EXPECT_EQ(life.state(), "none");
    life.tick(10, critical);
    EXPECT_EQ(life.state(), "pending");
    life.tick(critical);
    EXPECT_EQ(life.state(), "firing");
  }
}

TEST(AlertMachine, ANoteNeverFires) {
  Life life;
  life.tick(1000, note);
  EXPECT_EQ(life.state(), "pending");
  EXPECT_EQ(life.machine.alert()->severity, Severity::info);
  life.tick(unknown);
  EXPECT_EQ(life.state(), "none");
}

TEST(AlertMachine, ANoteDoesNotCountForTheHold) {
  Life life({.hold = 10s});
  life.tick(100, note);
  life.tick(10, warning);
  EXPECT_EQ(life.state(), "pending");
  EXPECT_EQ(life.machine.alert()->severity, Severity::warning);
  life.tick(warning);
  EXPECT_EQ(life.state(), "firing");
}

TEST(AlertMachine, SeverityRisesAndNeverFalls) {
  Life life;
  life.tick(warning);
  EXPECT_EQ(life.machine.alert()->severity, Severity::warning);
  life.tick(critical);
  EXPECT_EQ(life.machine.alert()->severity, Severity::critical);
  EXPECT_EQ(life.machine.alert()->since, start + 1s) << "the state is the same";
  EXPECT_EQ(life.machine.alert()->started, start_wall + 1s);
  for (const Observation& lesser : {warning, note}) {
    life.tick(lesser);
    EXPECT_EQ(life.state(), "firing");
    EXPECT_EQ(life.machine.alert()->severity, Severity::critical);
  }
  EXPECT_EQ(life.machine.alert()->value, note.value);
}

TEST(AlertMachine, FiresForAMinuteAtLeast) {
  Life life;
  life.tick(critical);  // at 1 s
  life.tick(59, well);
  EXPECT_EQ(life.state(), "firing");
  life.tick(well);  // at 61 s
  ASSERT_EQ(life.state(), "resolved");
  EXPECT_EQ(life.machine.alert()->since, start + 61s);
  EXPECT_EQ(life.machine.alert()->ended, start_wall + 61s);
  EXPECT_EQ(life.machine.alert()->started, start_wall + 1s);
}

TEST(AlertMachine, ResolvesAfterThirtySecondsOfHealth) {
  Life life;
  life.tick(100, critical);
  life.tick(30, well);  // the first proves no second yet
  EXPECT_EQ(life.state(), "firing");
  life.tick(well);
  EXPECT_EQ(life.state(), "resolved");
}

TEST(AlertMachine, IllnessTakesHealthBack) {
  Life life;
  life.tick(100, critical);
  life.tick(30, well);
  life.tick(critical);
  life.tick(30, well);
  EXPECT_EQ(life.state(), "firing");
  life.tick(well);
  EXPECT_EQ(life.state(), "resolved");
}

TEST(AlertMachine, NothingKnownProvesNothing) {
  Life life;
  life.tick(critical);
  life.tick(24 * 3600, unknown);
  EXPECT_EQ(life.state(), "firing");
  EXPECT_EQ(life.machine.alert()->started, start_wall + 1s);
}

TEST(AlertMachine, HealthCountsOnlyWhileItIsSeen) {
  Life life;
  life.tick(100, critical);
  life.tick(16, well);  // 15 s
  life.tick(1000, unknown);
  EXPECT_EQ(life.state(), "firing");
  life.tick(15, well);  // 14 s
  EXPECT_EQ(life.state(), "firing");
  life.tick(well);
  EXPECT_EQ(life.state(), "resolved");
}

TEST(AlertMachine, ResolvedIsKeptForFiveMinutes) {
  Life life;
  life.tick(100, critical);
  life.tick(31, well);
  ASSERT_EQ(life.state(), "resolved");
  life.tick(299, well);
  EXPECT_EQ(life.state(), "resolved");
  life.tick(unknown);
  EXPECT_EQ(life.state(), "none");
}

TEST(AlertMachine, FiresAgainAsANewOne) {
  Life life;
  life.tick(100, critical);
  life.tick(31, well);
  ASSERT_EQ(life.state(), "resolved");
  life.tick(warning);
  ASSERT_EQ(life.state(), "firing");
  EXPECT_EQ(life.machine.alert()->severity, Severity::warning);
  EXPECT_EQ(life.machine.alert()->started, start_wall + 132s);
  EXPECT_EQ(life.machine.alert()->ended, Wall{});
  life.tick(60, well);
  EXPECT_EQ(life.state(), "firing") << "what comes back must be well for twice as long";
  life.tick(1, well);
  EXPECT_EQ(life.state(), "resolved");
}

// Ten seconds ill, fifty well, for an hour.
TEST(AlertMachine, WhatFlapsIsOneEpisode) {
  Life life({.well = 60s});
  int changes = 0;
  std::string before = "none";
  for (int i = 0; i < 3600; ++i) {
    life.tick(i % 60 < 10 ? critical : well);
    changes += life.state() != before;
    before = life.state();
  }
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(life.state(), "firing");
}

// Slower: each proof of health that fails makes the next one longer, until an hour of it.
TEST(AlertMachine, WhatKeepsComingBackMustBeWellForLonger) {
  Life life;
  int fired = 0;
  for (int i = 0; i < 6 * 3600; ++i) {
    const bool was_firing = life.machine.is_firing();
    life.tick(i % 300 < 10 ? critical : well);
    fired += life.machine.is_firing() && !was_firing;
  }
  EXPECT_EQ(fired, 5);  // of 72: 30, 60, 120 and 240 s of health are there, 480 never
  life.tick(1000, well);
  ASSERT_EQ(life.state(), "none");
  EXPECT_FALSE(life.machine.is_spent(life.now));
  life.tick(3600, well);
  EXPECT_TRUE(life.machine.is_spent(life.now));
  life.tick(100, critical);
  life.tick(31, well);
  EXPECT_EQ(life.state(), "resolved");
}

TEST(AlertMachine, ResolvedStaysSoUntilTheHoldIsOver) {
  Life life({.hold = 10s});
  life.tick(100, critical);
  life.tick(31, well);
  ASSERT_EQ(life.state(), "resolved");
  const Alert before = *life.machine.alert();
  life.tick(10, critical);
  EXPECT_EQ(*life.machine.alert(), before);
  life.tick(critical);
  EXPECT_EQ(life.state(), "firing");
}

TEST(AlertMachine, AReplacedOneEndsAtOnce) {
  Life life;
  life.tick(critical);
  life.tick(replaced, {"replication", "s", "the other says the same", "n"});
  ASSERT_EQ(life.state(), "resolved");
  EXPECT_EQ(life.machine.alert()->why, "the other says the same");
}

TEST(AlertMachine, TextsFollowTheFiguresAndTheStepStays) {
  Life life;
  life.tick(critical, {"broadcast", "s1", "w1", "n1"});
  life.tick(critical, {"replication", "s2", "w2", "n2"});
  EXPECT_EQ(life.machine.alert()->step, "broadcast") << "it is a label";
  EXPECT_EQ(life.machine.alert()->why, "w2");
  life.tick(unknown, {"", "", "", ""});
  EXPECT_EQ(life.machine.alert()->why, "w2");
  life.tick(59, well);
  ASSERT_EQ(life.state(), "resolved");
  life.tick(critical, {"replication", "s3", "w3", "n3"});
  EXPECT_EQ(life.machine.alert()->step, "replication");
}

TEST(AlertMachine, GoesOnFiringAfterARestart) {
  Life before;
  before.tick(100, critical);
  Life after;
  after.machine = AlertMachine::firing({}, *before.machine.alert(), start);
  ASSERT_EQ(after.state(), "firing");
  EXPECT_EQ(after.machine.alert()->started, start_wall + 1s);
  EXPECT_EQ(after.machine.alert()->since, start);
  after.tick(59, well);
  EXPECT_EQ(after.state(), "firing");
  after.tick(well);
  EXPECT_EQ(after.state(), "resolved");
}

// A loss that is latched, and nothing in sight.
TEST(AlertMachine, IsStaleWhereNothingCouldBeToldForTwoMinutes) {
  Life life;
  life.tick(critical);
  const Texts texts{"broadcast", "s", "w", "n", "no client is readable"};
  for (const bool latched : {true, false}) {
    const Observation unseen = latched ? Observation{.verdict = Verdict::ill,
                                                     .severity = Severity::critical,
                                                     .value = 0.66,
                                                     .by_memory = true}
                                       : unknown;
    for (int i = 0; i < 120; ++i) life.tick(unseen, texts);
    EXPECT_EQ(state_name(*life.machine.alert()), "firing");
    life.tick(unseen, texts);
    EXPECT_EQ(state_name(*life.machine.alert()), "stale");
    EXPECT_EQ(life.machine.alert()->missing, "no client is readable");
    EXPECT_TRUE(life.machine.is_firing());
    life.tick(critical);
    EXPECT_EQ(state_name(*life.machine.alert()), "firing");
    EXPECT_EQ(life.machine.alert()->missing, "");
  }
}

TEST(AlertMachine, EndsWithAReasonAndBeginsAnew) {
  Life life({.hold = 60s});
  life.tick(61, critical);
  ASSERT_EQ(life.state(), "firing");
  life.machine.end("cleared by hand.", life.now, life.wall);
  EXPECT_EQ(life.state(), "resolved");
  EXPECT_EQ(life.machine.alert()->ended_by, "cleared by hand.");
  life.tick(60, critical);
  EXPECT_EQ(life.state(), "resolved") << "it must hold again";
  life.tick(critical);
  EXPECT_EQ(life.state(), "firing");
  EXPECT_EQ(life.machine.alert()->ended_by, "");

  Life pending({.hold = 60s});
  pending.tick(critical);
  pending.machine.end("gone.", pending.now, pending.wall);
  EXPECT_EQ(pending.state(), "none");
}

}  // namespace
}  // namespace fanfare
