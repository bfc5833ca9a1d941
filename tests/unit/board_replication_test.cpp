// SPDX-License-Identifier: Apache-2.0
// Alerts about the way from this node to a peer.
#include <gmock/gmock.h>

#include "tests/unit/clocked_board.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace sample;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Board, AStallIsOneAfterTenSeconds) {
  Clocked board;
  board.tick(9, {stalled(start, {peer("n2"), peer("n3")})});
  EXPECT_THAT(board.list(), IsEmpty());
  board.tick({stalled(start, {peer("n2"), peer("n3")})});
  ASSERT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3"));
  EXPECT_EQ(board.alerts[0].value, 280);
}

TEST(Board, AStallOfAnUnjudgedPeerIsOneToo) {
  Clocked board;
  board.tick(10, {stalled(start, {})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3"));
  board.tick(3600, {with_peers({})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3"));
}

TEST(Board, OfAStallAndALossOfEntriesTheStallIsTold) {
  Clocked board;
  // Entries are missed before the stall is ten seconds old.
  board.tick(7, {stalled(start, {peer("n2"), peer("n3")})});
  board.tick(2, {stalled(start, {peer("n2"), slow_peer("n3")})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationLoss pending critical n3"));
  board.tick(100, {stalled(start, {peer("n2"), slow_peer("n3")})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3"));
}

TEST(Board, AStallTakesOverFromALossOfEntries) {
  Clocked board;
  board.tick(100, {with_peers({peer("n2"), slow_peer("n3")})});
  ASSERT_THAT(board.list(), ElementsAre("FanfareReplicationLoss firing critical n3"));
  board.tick({stalled(board.now - 10s, {peer("n2"), slow_peer("n3")})});
  ASSERT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3",
                                        "FanfareReplicationLoss resolved critical n3"));
  EXPECT_THAT(board.alerts[1].why, HasSubstr("FanfareReplicationStalled says the same of n3"));
}

TEST(Board, AStallIsOverWhenAllEntriesArrive) {
  Clocked board;
  board.tick(100, {stalled(start, {peer("n2"), slow_peer("n3")})});
  board.tick(100, {with_peers({peer("n2"), slow_peer("n3")})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3"));
  board.tick(61, {with_peers({peer("n2"), peer("n3")})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled resolved critical n3"));
}

TEST(Board, EachPeerHasItsOwn) {
  Clocked board;
  board.tick(11, {with_peers({slow_peer("n2"), slow_peer("n3")})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationLoss firing critical n2",
                                        "FanfareReplicationLoss firing critical n3"));
}

TEST(Board, AnotherLeaderAnswersForItsOwnWays) {
  Clocked board;
  board.tick(100, {stalled(start, {peer("n2"), slow_peer("n3")})});
  const auto silent = [](const std::string& name) {
    Signal way = unknown(peer(name), "nothing was sent.");
    way.ratio.numerator = way.ratio.denominator = 0;
    return way;
  };
  Judgement idle = with_peers({silent("n2"), silent("n3")});
  idle.due = 0;
  board.tick(3600, {idle});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3"))
      << "a shard at rest proves nothing";
  board.tick(61, {with_peers({silent("n2"), silent("n3")})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled resolved critical n3"));
}

TEST(Board, AQuietPeerOfALeaderProvesNothing) {
  Clocked board;
  board.tick(100, {stalled(start, {peer("n2"), slow_peer("n3")})});
  Signal dead = unknown(peer("n3"), "it does not answer.");
  dead.ratio.denominator = 0;
  board.tick(3600, {with_peers({peer("n2"), dead})});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReplicationStalled firing critical n3"));
}

}  // namespace
}  // namespace fanfare
