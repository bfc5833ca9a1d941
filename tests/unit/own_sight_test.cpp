// SPDX-License-Identifier: Apache-2.0
// The agent's word on its own sight: FanfareNotCounting, and what is judged of a second without it.
#include "agent/alerts/own_sight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/exports/metrics.h"
#include "agent/exports/sockets_json.h"
#include "agent/model/deltas.h"
#include "agent/model/ledger.h"
#include "agent/model/shard_names.h"
#include "tests/unit/clocked_board.h"
#include "tests/unit/sample_view.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

class OwnSightTest : public ::testing::Test {
 protected:
  std::vector<std::string> tick(const OwnSight& sight, int times = 1) {
    for (int i = 0; i < times; ++i) {
      host.now += 1s;
      host.alerts =
          host.board.advance(host.now, sample::start_wall + (host.now - sample::start), {}, sight);
    }
    return host.list();
  }
  sample::Clocked host;
  const OwnSight blind{true, true, 3, "The kernel programs are not attached to /sys/fs/cgroup."};
  const OwnSight well{true, false, 0, {}};
};

TEST_F(OwnSightTest, ItPagesAtOnceAndUntilItIsProvenToCountAgain) {
  EXPECT_THAT(tick(well, 100), IsEmpty());
  EXPECT_THAT(tick(blind), ElementsAre("FanfareNotCounting firing critical"));
  EXPECT_EQ(host.alerts[0].shard, "");
  EXPECT_EQ(host.alerts[0].step, "capture");
  EXPECT_THAT(host.alerts[0].why, HasSubstr("not attached to /sys/fs/cgroup"));
  EXPECT_THAT(tick(well, 59), ElementsAre("FanfareNotCounting firing critical"));
  EXPECT_THAT(tick(well, 2), ElementsAre("FanfareNotCounting resolved critical"));
}

TEST_F(OwnSightTest, ItSaysAllOfWhatIsKnown) {
  const std::string path = "/sys/fs/cgroup/" + std::string(200, 'x');
  tick({true, true, 3, "The programs are not attached to " + path + ": \x1b[2J is gone."});
  EXPECT_THAT(host.alerts[0].why, HasSubstr(path + ": ?[2J is gone."));
}

TEST_F(OwnSightTest, ItFiresForAsLongAsItLasts) {
  EXPECT_THAT(tick(blind, 86400), ElementsAre("FanfareNotCounting firing critical"));
}

TEST_F(OwnSightTest, WhereNothingIsMeasuredNothingIsSaid) {
  EXPECT_THAT(tick({}, 10), IsEmpty());
  tick(blind);
  EXPECT_THAT(tick({}, 200), ElementsAre("FanfareNotCounting firing critical"));
}

TEST_F(OwnSightTest, ARestartGoesOnFiringUntilTheProof) {
  tick(blind);
  sample::Clocked after;
  after.now = host.now;
  ASSERT_TRUE(after.board.restore(host.board.save(), host.now, sample::start_wall));
  host.board = after.board;
  EXPECT_THAT(tick(well, 50), ElementsAre("FanfareNotCounting firing critical"));
  EXPECT_THAT(tick(well, 15), ElementsAre("FanfareNotCounting resolved critical"));
}

TEST(OwnSightMetrics, BothGaugesAreThere) {
  View view = sample::view();
  EXPECT_THAT(metrics_text(view),
              HasSubstr("fanfare_attached{cluster=\"test\",node=\"host-a\"} 1"));
  view.health.measured = true;
  view.health.attached = false;
  EXPECT_THAT(metrics_text(view),
              HasSubstr("fanfare_attached{cluster=\"test\",node=\"host-a\"} 0"));
  EXPECT_THAT(metrics_text(view),
              HasSubstr("fanfare_self_check_success{cluster=\"test\",node=\"host-a\"} 0"));
  view.health.self_check = SelfCheckResult::counted;
  EXPECT_THAT(metrics_text(view),
              HasSubstr("fanfare_self_check_success{cluster=\"test\",node=\"host-a\"} 1"));
}

TEST(OwnSightDeltas, ASecondWithoutSightIsNamedSo) {
  Deltas deltas;
  Snapshot snapshot;
  Model model;
  model.shards.push_back(sample::shard("chat").shard);
  const auto blind_at = [&](std::uint64_t unattached) {
    snapshot.taken += 1s;
    snapshot.losses[FANFARE_LOSS_UNATTACHED] = unattached;
    const auto found = deltas.advance(snapshot, model);
    return !found.empty() && found[0].blind;
  };
  EXPECT_FALSE(blind_at(0));
  EXPECT_FALSE(blind_at(0));
  EXPECT_TRUE(blind_at(1));
  EXPECT_TRUE(blind_at(2));
  EXPECT_FALSE(blind_at(2));
}

}  // namespace
}  // namespace fanfare
