// SPDX-License-Identifier: Apache-2.0
// Alerts that end without a proof of recovery, or go on without sight: said so, never silent.
#include <gmock/gmock.h>

#include "agent/alerts/log_line.h"
#include "agent/exports/alertmanager_alerts.h"
#include "tests/unit/clocked_board.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace sample;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Judgement bad() { return judgement(lost(healthy_reach(), 62, 0.68)); }

// A judgement of a shard whose server is gone; its loss is still believed.
Judgement deserted(std::chrono::seconds empty_for) {
  Judgement gone = judgement(unknown(lost(healthy_reach(), 62, 0.68), "nothing was due"));
  gone.empty_for = empty_for;
  gone.last_socket = start_wall + 100s;
  return gone;
}

TEST(AlertEnds, WithItsShardWhenThatIsLongEmpty) {
  Clocked board;
  board.tick(30, {bad()});
  board.tick({deserted(599s)});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReachLoss firing critical"));
  board.tick({deserted(600s)});
  ASSERT_THAT(board.list(), ElementsAre("FanfareReachLoss resolved critical"));
  EXPECT_EQ(board.alerts[0].ended_by,
            "the shard is gone: its last socket closed at 2023-11-14T22:15:00Z.");
  EXPECT_THAT(log_line(board.alerts[0]),
              HasSubstr("without a proof of recovery: the shard is gone"));
  board.tick(400, {deserted(601s)});
  EXPECT_THAT(board.list(), IsEmpty()) << "what is believed of a server that is gone fires no more";
}

TEST(AlertEnds, WhereTheShardIsExpectedItsAbsenceGoesOn) {
  Clocked board;
  board.tick(30, {bad()});
  Judgement absent = deserted(600s);
  absent.absence = Absence::yes;
  board.tick(121, {absent});
  EXPECT_THAT(board.list(), ElementsAre("FanfareServerAbsent firing critical",
                                        "FanfareReachLoss resolved critical"));
}

TEST(AlertEnds, WithAShardThatHasEnded) {
  Clocked board;
  board.tick(30, {bad()});
  board.now += 1s;
  const auto alerts =
      board.board.advance(board.now, start_wall + 31s, {}, {}, {{"chat-1", start_wall + 20s, {}}});
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].state, AlertState::resolved);
  EXPECT_THAT(alerts[0].ended_by, HasSubstr("its last socket closed at"));
}

// It fired before a restart of the agent, and its server never came back.
TEST(AlertEnds, WithAShardThatIsMissingForLong) {
  Clocked board;
  board.tick(30, {bad()});
  board.tick(600, {});
  EXPECT_EQ(state_name(board.alerts.at(0)), "stale");
  board.tick({});
  ASSERT_THAT(board.list(), ElementsAre("FanfareReachLoss resolved critical"));
  EXPECT_THAT(board.alerts[0].ended_by, HasSubstr("no socket of it has been open"));
}

TEST(AlertEnds, ByHand) {
  Clocked board;
  board.tick(30, {bad()});
  EXPECT_THAT(board.board.clear("FanfareReachLoss", "chat-2", "by hand.", board.now, start_wall),
              IsEmpty());
  EXPECT_THAT(board.board.clear("FanfareCopiesLoss", "chat-1", "by hand.", board.now, start_wall),
              IsEmpty());
  EXPECT_EQ(
      board.board.clear("FanfareReachLoss", "chat-1", "by hand.", board.now, start_wall).size(),
      1U);
  EXPECT_THAT(board.board.clear("FanfareReachLoss", "chat-1", "by hand.", board.now, start_wall),
              IsEmpty());
  board.tick({judgement(healthy_reach())});
  ASSERT_THAT(board.list(), ElementsAre("FanfareReachLoss resolved critical"));
  EXPECT_EQ(board.alerts[0].ended_by, "by hand.");
}

TEST(AlertEnds, WithoutSightItIsStaleAndSaysWhatIsMissing) {
  Clocked board;
  board.tick(30, {bad()});
  const auto blind = judgement(unknown(lost(healthy_reach(), 62, 0.68), "too few are readable"));
  board.tick(120, {blind});
  EXPECT_EQ(state_name(board.alerts.at(0)), "firing");
  board.tick({blind});
  EXPECT_EQ(state_name(board.alerts.at(0)), "stale");
  EXPECT_THAT(log_line(board.alerts[0]),
              HasSubstr("It cannot be judged at present: too few are readable."));

  AlertSet told;
  told.take(board.alerts, {"c", "n"}, board.now, start_wall);
  EXPECT_THAT(told.body(start_wall), HasSubstr("\"stale\":\"true\""));
  EXPECT_THAT(told.body(start_wall), HasSubstr("too few are readable"));
  board.tick({bad()});
  EXPECT_EQ(state_name(board.alerts.at(0)), "firing");
  told.take(board.alerts, {"c", "n"}, board.now, start_wall);
  EXPECT_THAT(told.body(start_wall), Not(HasSubstr("stale")));
}

}  // namespace
}  // namespace fanfare
