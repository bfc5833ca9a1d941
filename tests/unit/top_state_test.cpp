// SPDX-License-Identifier: Apache-2.0
// Keys and answers -> state: the cursor, the way in and out, filter, order, rates, an agent that
// goes away.
#include "agent/cli/top_state.h"

#include <gtest/gtest.h>

#include "tests/unit/sample_top.h"

namespace fanfare::top {
namespace {

using namespace sample;
using Names = std::vector<std::string>;

Names remotes(const State& state) {
  Names names;
  for (const std::size_t row : state.rows) names.push_back(state.answer.sockets.at(row).remote);
  return names;
}

TEST(TopState, WhatPagesStandsFirstAndTheUnknownLast) {
  EXPECT_EQ(shards(state()), (Names{"eu", "asia", "us"}));
  Answer given = answer();
  given.shards[2].firing = 1;  // unknown ratio, but something fires
  EXPECT_EQ(shards(state(given)), (Names{"eu", "us", "asia"}));
}

TEST(TopState, SortGoesThroughTheColumnsAndReverseTurnsThem) {
  State s = press(state(), "s");  // evidence
  EXPECT_EQ(shards(s), (Names{"eu", "asia", "us"}));
  s = press(s, "s");  // round to the name
  EXPECT_EQ(shards(s), (Names{"asia", "eu", "us"}));
  EXPECT_EQ(shards(press(s, "r")), (Names{"us", "eu", "asia"}));
  s = press(s, "sss");
  EXPECT_EQ(shards(s), (Names{"asia", "us", "eu"})) << "most events out first";
  EXPECT_EQ(shards(press(s, "r")), (Names{"eu", "us", "asia"}));
  EXPECT_EQ(press(press(s, "S"), "s").list().sort, s.list().sort);
  EXPECT_EQ(shards(press(state(), "r")), (Names{"asia", "eu", "us"})) << "unknown last both ways";
}

TEST(TopState, TotalsAreAnOrderOfTheirOwn) {
  Answer given = answer();
  given.shards[1].events_out = 5000;
  State s = sorted(state(given), "out");
  EXPECT_EQ(shards(s).front(), "asia");
  EXPECT_EQ(shards(press(s, "t")).front(), "eu");
}

TEST(TopState, TheCursorStaysOnItsRow) {
  State s = press(press(state(), "jj"), "k");
  EXPECT_EQ(s.list().cursor, "asia");
  Answer next = answer();
  next.shards[0].worst->relative = 0.1;
  next.shards[1].firing = 0;
  next.shards[1].critical = false;
  s = answered(s, next);
  EXPECT_EQ(shards(s), (Names{"asia", "eu", "us"}));
  EXPECT_EQ(s.list().cursor, "asia");
  EXPECT_EQ(s.list().cursor_at, 0U);
  next.shards.erase(next.shards.begin());
  s = answered(s, next);
  EXPECT_EQ(s.list().cursor, "eu") << "its place where the row is gone";
}

TEST(TopState, TheCursorDoesNotLeaveTheList) {
  State s = press(press(state(), Key::up), Key::page_up);
  EXPECT_EQ(s.list().cursor_at, 0U);
  EXPECT_EQ(press(s, Key::end).list().cursor, "us");
  EXPECT_EQ(press(s, Key::page_down).list().cursor_at, 2U);
  EXPECT_EQ(press(press(s, "G"), "j").list().cursor_at, 2U);
  EXPECT_EQ(press(press(s, "G"), "g").list().cursor_at, 0U);
  EXPECT_EQ(press(press(State{}, "jk"), Key::enter).screen, Screen::shards) << "an empty list";
}

TEST(TopState, EnterOpensTabTurnsEscGoesBack) {
  State s = press(press(state(), Key::down), Key::enter);
  EXPECT_EQ(s.screen, Screen::sockets);
  EXPECT_EQ(s.shard, "asia");
  s = press(s, Key::tab);
  EXPECT_EQ(s.screen, Screen::peers);
  s = press(s, Key::tab);
  EXPECT_EQ(s.screen, Screen::sockets);
  s = press(s, Key::escape);
  EXPECT_EQ(s.screen, Screen::shards);
  EXPECT_EQ(s.shard, "");
  EXPECT_EQ(s.list().cursor, "asia") << "back on the row that was opened";
  EXPECT_EQ(press(s, Key::escape).screen, Screen::shards);
  EXPECT_EQ(press(s, Key::tab).screen, Screen::shards);
}

TEST(TopState, AlertsOpenTheirShard) {
  State s = press(state(), "a");
  EXPECT_EQ(s.screen, Screen::alerts);
  EXPECT_EQ(s.rows.size(), 2U);
  EXPECT_EQ(press(s, "a").screen, Screen::shards);
  EXPECT_EQ(press(s, Key::escape).screen, Screen::shards);
  s = press(s, Key::enter);
  EXPECT_EQ(s.screen, Screen::sockets);
  EXPECT_EQ(s.shard, "eu");
  State inside = press(press(s, "a"), Key::escape);
  EXPECT_EQ(inside.screen, Screen::sockets) << "back to where one was";
  Answer given = answer();
  given.alerts = {alert("FF-STALE", "finding", "")};
  EXPECT_EQ(press(press(state(given), "a"), Key::enter).screen, Screen::alerts) << "of no shard";
}

TEST(TopState, HelpIsOnTopOfWhatWasThere) {
  for (const char* key : {"h", "?"}) {
    State s = press(press(state(), "a"), key);
    EXPECT_EQ(s.screen, Screen::help);
    EXPECT_EQ(press(s, key).screen, Screen::alerts);
    EXPECT_EQ(press(s, Key::escape).screen, Screen::alerts);
    EXPECT_TRUE(press(s, "q").ended);
  }
}

TEST(TopState, TheFilterIsTypedKeptAndCleared) {
  State s = press(press(state(), "/"), "S");
  EXPECT_TRUE(s.typing);
  EXPECT_EQ(shards(s), (Names{"asia", "us"})) << "as it is typed, upper and lower case alike";
  s = press(s, "q");
  EXPECT_FALSE(s.ended) << "a letter of the filter";
  EXPECT_TRUE(s.rows.empty());
  s = press(press(s, Key::backspace), Key::enter);
  EXPECT_FALSE(s.typing);
  EXPECT_EQ(shards(s), (Names{"asia", "us"}));
  EXPECT_EQ(shards(answered(s, answer())), (Names{"asia", "us"}));
  s = press(s, Key::escape);
  EXPECT_EQ(s.rows.size(), 3U);
  s = press(press(press(state(), "/"), "x"), Key::escape);
  EXPECT_FALSE(s.typing);
  EXPECT_EQ(s.rows.size(), 3U);
  State wide = pressed(press(state(), "/"), {Key::character, "é"});
  EXPECT_EQ(press(wide, Key::backspace).list().filter, "") << "a whole character";
  EXPECT_EQ(press(press(wide, Key::backspace), Key::backspace).list().filter, "");
}

TEST(TopState, RatesAreOfTheTimeBetweenTwoReadings) {
  State s = opened(state(), "eu");
  s = answered(s, with_sockets("eu", {socket(1, "a", 100), socket(2, "b", 5)}));
  EXPECT_FALSE(s.answer.sockets[0].out_per_second);
  Answer next = with_sockets("eu", {socket(1, "a", 130), socket(2, "b", 5), socket(3, "c", 9)});
  next.asked = 102.2;
  next.snapshot_age_seconds = 0.2;  // read at 102
  s = answered(s, next);
  EXPECT_DOUBLE_EQ(s.answer.sockets[0].out_per_second.value(), 15);
  EXPECT_DOUBLE_EQ(s.answer.sockets[1].out_per_second.value(), 0);
  EXPECT_FALSE(s.answer.sockets[2].out_per_second) << "its first look";
  EXPECT_EQ(remotes(s), (Names{"a", "b", "c"}));
  next.asked = 102.9;
  next.snapshot_age_seconds = 0.9;  // the same reading
  s = answered(s, next);
  EXPECT_DOUBLE_EQ(s.answer.sockets[0].out_per_second.value(), 15);
  next.asked = 103;
  next.snapshot_age_seconds = 0;
  next.sockets[0].out = 0;  // another agent
  s = answered(s, next);
  EXPECT_FALSE(s.answer.sockets[0].out_per_second);
}

TEST(TopState, AnAnswerAboutAnotherShardIsNotShown) {
  State s = opened(state(), "eu");
  s = answered(s, with_sockets("us", {socket(1, "a", 100)}));
  EXPECT_TRUE(s.rows.empty());
  s = answered(s, with_sockets("eu", {socket(1, "a", 100)}));
  EXPECT_EQ(s.rows.size(), 1U);
  s = press(s, Key::escape);
  s = opened(s, "us");
  EXPECT_TRUE(s.rows.empty()) << "sockets of the shard that was open before";
}

TEST(TopState, ThePastOfOneShardDoesNotEndThatOfOthers) {
  Answer given = answer();
  given.past = Past{.now = 1000, .shards = {{"eu", {{990, 1.0, 0}}}, {"us", {{990, 2.0, 0}}}}};
  State s = opened(state(given), "eu");
  Answer next = with_sockets("eu", {});
  next.past = Past{.now = 1005, .shards = {{"eu", {{990, 1.0, 0}, {995, 3.0, 0}}}}};
  s = answered(s, next);
  EXPECT_EQ(s.past.shards.at("eu").size(), 2U);
  EXPECT_EQ(s.past.shards.at("us").size(), 1U);
  s = answered(s, with_sockets("eu", {}));
  EXPECT_EQ(s.past.shards.at("eu").size(), 2U) << "kept where it was not asked for";
}

TEST(TopState, AnAgentThatGoesAwayLeavesItsLastFigures) {
  State s = failed(state(), "no agent at /x", 110);
  s = failed(s, "nobody listens at /x", 115);
  EXPECT_EQ(s.trouble, "nobody listens at /x");
  EXPECT_DOUBLE_EQ(s.trouble_since, 110);
  EXPECT_EQ(s.rows.size(), 3U);
  s = answered(s, answer());
  EXPECT_EQ(s.trouble, "");
}

TEST(TopState, PauseAndQuit) {
  EXPECT_TRUE(press(state(), "p").paused);
  EXPECT_FALSE(press(state(), "pp").paused);
  EXPECT_TRUE(press(state(), "q").ended);
  EXPECT_FALSE(press(state(), "xyz!").ended);
}

}  // namespace
}  // namespace fanfare::top
