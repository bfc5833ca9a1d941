// SPDX-License-Identifier: Apache-2.0
// What outlives a restart of the agent.
#include <gmock/gmock.h>

#include "tests/unit/clocked_board.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace sample;
using testing::ElementsAre;

TEST(Board, OutlivesARestart) {
  Clocked before;
  Judgement bad = judgement(lost(healthy_reach(), 62, 0.68));
  bad.shard = "ch\xff\xc3\xa4t\xc2\x80";  // process names are bytes
  Judgement note = judgement(lost(healthy_reach(), 197, 0.005));
  before.tick(7, {bad, note, stalled(start - 10s, {peer("n3")})});
  ASSERT_EQ(before.alerts.size(), 3U);

  Clocked after;
  after.now = 5s;  // CLOCK_MONOTONIC began anew
  const Wall restart = start_wall + 60s;
  ASSERT_TRUE(after.board.restore(before.board.save(), after.now, restart));
  after.tick({});
  ASSERT_THAT(after.list(), ElementsAre("FanfareReachLoss firing critical",
                                        "FanfareReplicationStalled firing critical n3"));
  for (std::size_t i = 0; i < 2; ++i) {
    Alert expected = before.alerts[i];
    expected.since = 5s;
    EXPECT_EQ(after.alerts[i], expected);
  }
  bad.signals = {healthy_reach()};
  after.tick(60, {bad});
  EXPECT_EQ(after.alerts[0].state, AlertState::firing);
  after.tick({bad});
  EXPECT_THAT(after.list(), ElementsAre("FanfareReplicationStalled firing critical n3",
                                        "FanfareReachLoss resolved critical"));
}

TEST(Board, RestoresNothingFromOtherTexts) {
  Clocked clocked;
  clocked.tick({judgement(lost(healthy_reach(), 62, 0.68))});
  const std::string state = clocked.board.save();
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
        std::string(R"({"version":2,"firing":[]})"), std::string(R"({"version":1,"firing":{}})"),
        std::string(R"({"version":1,"firing":[{}]})"), std::string(R"({"version":1,"firing":[1]})"),
        state.substr(0, state.size() - 1),
        std::string(state).replace(state.find("\"severity\":0"), 12, "\"severity\":7")}) {
    EXPECT_FALSE(clocked.board.restore(bad, start, start_wall)) << bad;
    EXPECT_EQ(clocked.board.save(), state);
  }
  ASSERT_TRUE(clocked.board.restore(R"({"version":1,"firing":[]})", start, start_wall));
  EXPECT_EQ(clocked.board.save(), R"({"version":1,"firing":[]})");
}

TEST(Board, AnAlertOfAnotherVersionIsLeftOut) {
  Clocked clocked;
  clocked.tick({judgement(lost(healthy_reach(), 62, 0.68))});
  std::string state = clocked.board.save();
  state.replace(state.find("FanfareReachLoss"), 16, "FanfareOlderName");
  Board fresh;
  EXPECT_TRUE(fresh.restore(state, start, start_wall));
  EXPECT_EQ(fresh.save(), R"({"version":1,"firing":[]})");
}

TEST(Board, AStartInTheFutureIsNow) {
  Clocked clocked;
  clocked.tick({judgement(lost(healthy_reach(), 62, 0.68))});
  Clocked after;
  ASSERT_TRUE(after.board.restore(clocked.board.save(), start, start_wall - 1h));
  after.tick({});
  EXPECT_EQ(after.alerts[0].started, start_wall - 1h);
}

}  // namespace
}  // namespace fanfare
