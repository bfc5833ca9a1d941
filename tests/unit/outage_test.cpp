// SPDX-License-Identifier: Apache-2.0
// The outage as a follower's snapshots, hours of it, through everything that stands right of the
// kernel: from cumulative counters to alerts.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "agent/pipeline.h"
#include "tests/support/follower.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using testing::Follower;
using testing::replicated;

class OutageTest : public ::testing::Test {
 protected:
  void restart() {
    const auto state = pipeline_->save();
    pipeline_ = std::make_unique<Pipeline>(follower_, replicated(), "", Wall{});
    ASSERT_TRUE(pipeline_->restore(state, now_, Wall{now_}));
  }
  // Whether the reach alert of the shard fires after each of so many seconds.
  std::vector<bool> run(std::chrono::seconds time) {
    std::vector<bool> fires;
    for (auto left = time; left > 0s; left -= 1s) {
      now_ += 1s;
      view_ = pipeline_->tick(now_, Wall{now_}, Health{}, -1);
      fires.push_back(std::ranges::any_of(view_->alerts, [](const Alert& alert) {
        return alert.name == "FanfareReachLoss" && alert.state == AlertState::firing &&
               alert.severity == Severity::critical;
      }));
    }
    return fires;
  }
  std::ptrdiff_t firing(std::chrono::seconds time) { return std::ranges::count(run(time), true); }
  double reach() const {
    for (const Signal& signal : view_->shards.at(0).judgement.signals)
      if (signal.name == signal_reach) return signal.ratio.value.value_or(-1);
    return -1;
  }

  Follower follower_;
  std::unique_ptr<Pipeline> pipeline_ =
      std::make_unique<Pipeline>(follower_, replicated(), "", Wall{});
  std::shared_ptr<View> view_;
  std::chrono::seconds now_{1000};
};

TEST_F(OutageTest, PagesWithinSecondsAndGoesOnForHours) {
  EXPECT_EQ(firing(60s), 0);
  EXPECT_DOUBLE_EQ(reach(), 1.0);

  follower_.deliver(1);
  const auto first = run(10s);
  const auto page = std::ranges::find(first, true) - first.begin() + 1;
  EXPECT_LE(page, 9);
  EXPECT_EQ(firing(6h), 6 * 3600) << "it ceased while two of three events were lost";
  EXPECT_NEAR(reach(), 1.0 / 3, 0.01);
  EXPECT_NEAR(view_->shards.at(0).judgement.signals.at(0).loss_estimate, 2.0 / 3, 0.05);

  follower_.deliver(3);
  const auto recovery = run(120s);
  EXPECT_TRUE(recovery.front());
  EXPECT_FALSE(recovery.back()) << "two minutes of health prove recovery";
}

// A restart neither ends the page nor learns the fault as normal.
TEST_F(OutageTest, OutlivesRestartsOfTheAgent) {
  EXPECT_EQ(firing(60s), 0);
  follower_.deliver(1);
  run(20s);
  for (int i = 0; i < 3; ++i) {
    restart();
    EXPECT_EQ(firing(600s), 600) << "after restart " << i + 1;
  }
}

TEST_F(OutageTest, SilenceProvesNothing) {
  EXPECT_EQ(firing(60s), 0);
  follower_.deliver(1);
  run(20s);
  follower_.fall_silent();
  EXPECT_EQ(firing(600s), 600);
}

}  // namespace
}  // namespace fanfare
