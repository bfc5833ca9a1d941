// SPDX-License-Identifier: Apache-2.0
// The judge by stories of replication: what a leader's agent says of the followers.
#include <gmock/gmock.h>

#include "agent/ratios/judge.h"
#include "tests/support/shard_story.h"

namespace fanfare {
namespace {

constexpr int settle = 5;  // s

// A leader with two followers; `b` is the one that something happens to.
struct ReplicationStory : testing::Test {
  ShardStory story;
  bool b_gets = true, b_answers = true, leads = true;

  ReplicationStory() {
    for (const auto* name : {"b", "c"})
      story.peers.push_back({.name = name, .sent_index = 1000, .confirmed_index = 1000});
  }
  const Judgement& second() {
    for (auto& peer : story.peers) {
      const bool gets = leads && (peer.name == "c" || b_gets);
      const bool answers = leads && (peer.name == "c" || b_answers);
      peer.rpcs_out = leads ? 30 : 0;
      peer.answers_in = answers ? 30 : 0;
      if (gets) peer.sent_index = end;
      if (gets && answers) peer.confirmed_index = end;
    }
    end += story.due;
    return story.second();
  }
  // The first second of at most so many in which it is so.
  std::optional<int> until(int most, const std::function<bool(const Judgement&)>& done) {
    for (int i = 1; i <= most; ++i)
      if (done(second())) return i;
    return std::nullopt;
  }
  const Signal& b() { return *find_signal(story.last(), signal_replication, "b"); }
  std::uint64_t end = 1000;
};

bool b_is_lost(const Judgement& judgement) {
  const auto* signal = find_signal(judgement, signal_replication, "b");
  return signal && signal->lost;
}

TEST_F(ReplicationStory, EntriesThatStopWhileHeartbeatsGoOnAreALossAndAStall) {
  EXPECT_FALSE(until(60, b_is_lost));
  EXPECT_EQ(b().ratio.value, 1);
  b_gets = false;
  const auto since = story.now();
  const auto lost = until(20, b_is_lost);
  ASSERT_TRUE(lost);
  EXPECT_LE(*lost, settle + 3);
  EXPECT_NEAR(b().loss_estimate, 1, 0.01);
  EXPECT_FALSE(find_signal(story.last(), signal_replication, "c")->lost);
  const auto stalled =
      until(20, [](const Judgement& judgement) { return !judgement.stalls.empty(); });
  ASSERT_TRUE(stalled);
  EXPECT_EQ(*lost + *stalled, 10);
  EXPECT_EQ(story.last().stalls[0].peer, "b");
  EXPECT_EQ(story.last().stalls[0].behind, 200u);
  EXPECT_EQ(story.last().stalls[0].since, since);
  EXPECT_FALSE(until(24 * 3600, [](const Judgement& judgement) { return !b_is_lost(judgement); }));
  b_gets = true;
  EXPECT_TRUE(until(60, [](const Judgement& judgement) { return !b_is_lost(judgement); }));
  EXPECT_TRUE(story.last().stalls.empty());
}

TEST_F(ReplicationStory, APeerThatIsDeadIsNeitherLostNorStalled) {
  EXPECT_FALSE(until(60, b_is_lost));
  b_answers = false;
  EXPECT_FALSE(until(120, [](const Judgement& judgement) {
    return b_is_lost(judgement) || !judgement.stalls.empty();
  }));
  EXPECT_FALSE(b().ratio.value);
  b_answers = true;  // and catches up at once
  EXPECT_FALSE(until(120, b_is_lost));
  EXPECT_EQ(b().ratio.value, 1);
}

TEST_F(ReplicationStory, APeerThatIsBehindAtFirstSightIsNotJudgedUntilItHasCaughtUp) {
  story.peers[0].confirmed_index = 10;
  end = 5000;
  story.peers[1] = {.name = "c", .sent_index = 5000, .confirmed_index = 5000};
  std::uint64_t behind = 10;
  for (int i = 0; i < 60; ++i) {
    b_gets = false;
    story.peers[0].sent_index = story.peers[0].confirmed_index = behind += 40;
    ASSERT_FALSE(b_is_lost(second())) << i;
    ASSERT_TRUE(story.last().stalls.empty());
    ASSERT_FALSE(b().ratio.value);
  }
  b_gets = true;
  EXPECT_FALSE(until(30, b_is_lost));
  EXPECT_EQ(b().ratio.value, 1);
}

TEST_F(ReplicationStory, AnIdleLogIsNoStall) {
  story.due = 0;
  EXPECT_FALSE(until(3600, [](const Judgement& judgement) { return !judgement.stalls.empty(); }));
}

TEST_F(ReplicationStory, WhoHasCeasedToLeadForgetsTheLoss) {
  EXPECT_FALSE(until(60, b_is_lost));
  b_gets = false;
  ASSERT_TRUE(until(20, b_is_lost));
  leads = false;
  const auto forgotten =
      until(20, [](const Judgement& judgement) { return !b_is_lost(judgement); });
  ASSERT_TRUE(forgotten);
  EXPECT_EQ(*forgotten, 11);
}

TEST_F(ReplicationStory, ALogThatBeginsAnewHasNotGrownByItsLength) {
  EXPECT_FALSE(until(60, b_is_lost));
  for (auto& peer : story.peers) peer.sent_index = peer.confirmed_index = 1;
  end = 1;
  EXPECT_FALSE(until(60, b_is_lost));
  EXPECT_EQ(b().ratio.value, 1);
}

}  // namespace
}  // namespace fanfare
