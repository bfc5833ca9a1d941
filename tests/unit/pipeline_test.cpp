// SPDX-License-Identifier: Apache-2.0
// The way of the data with an invented kernel: what a tick publishes, and what it leaves alone.
#include "agent/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using testing::SnapshotBuilder;

// Hands out the snapshots it was given, in order, written over the spent one's memory as the live
// source does.
class Script : public Source {
 public:
  explicit Script(std::vector<Snapshot> snapshots) : snapshots_(std::move(snapshots)) {}
  Snapshot read(Monotonic now, Wall wall, Snapshot spent) override {
    if (next_ == snapshots_.size()) throw std::runtime_error("the kernel is gone");
    auto snapshot = snapshots_[next_++];
    std::fill(spent.flows.begin(), spent.flows.end(), fanfare_flow{});
    spent_.push_back(spent.flows.size());
    snapshot.taken = now;
    snapshot.wall = wall;
    return snapshot;
  }
  const std::vector<std::size_t>& spent() const { return spent_; }

 private:
  std::vector<Snapshot> snapshots_;
  std::size_t next_ = 0;
  std::vector<std::size_t> spent_;
};

SnapshotBuilder node(std::uint64_t events) {
  return SnapshotBuilder().listener(8080, "node").flow({.cookie = 1, .events_out = events});
}

std::shared_ptr<const View> tick(Pipeline& pipeline, std::chrono::seconds at) {
  return pipeline.tick(at, Wall{at}, Health{}, -1);
}

const LossView& loss_of(const View& view, const std::string& reason) {
  return *std::find_if(view.losses.begin(), view.losses.end(),
                       [&](const auto& loss) { return loss.reason == reason; });
}

TEST(Pipeline, PublishesShardsWithCoverageAndRate) {
  Script source({node(0).build(), node(50).build()});
  Pipeline pipeline(source, Config{}, "1.2.3", Wall{});
  tick(pipeline, 1s);
  const auto view = tick(pipeline, 2s);
  ASSERT_EQ(view->shards.size(), 1u);
  EXPECT_EQ(view->shards[0].shard.out.messages[FANFARE_EVENT], 50u);
  EXPECT_EQ(view->shards[0].coverage, 1.0);
  EXPECT_DOUBLE_EQ(view->shards[0].events_out_per_second, 50);
  EXPECT_EQ(view->version, "1.2.3");
  EXPECT_EQ(view->ticks, 2u);
}

// What left while no agent ran is in no figure; for how long that was is known.
TEST(Pipeline, ARestartKnowsForHowLongNobodyCounted) {
  Script source({node(0).build(), node(0).build()});
  Pipeline before(source, Config{}, "", Wall{});
  tick(before, 100s);
  const auto state = before.save();

  Script again({node(0).build()});
  Pipeline after(again, Config{}, "", Wall{102500ms});
  ASSERT_TRUE(after.restore(state, 103s, Wall{103s}));
  EXPECT_EQ(after.absence().time, 2500ms);
  EXPECT_EQ(after.absence().sockets, 1U);
  EXPECT_EQ(after.absence().shards, 1U);

  Script empty({SnapshotBuilder().build()});
  Pipeline idle(empty, Config{}, "", Wall{});
  tick(idle, 100s);
  Pipeline nobody_missed(again, Config{}, "", Wall{102500ms});
  ASSERT_TRUE(nobody_missed.restore(idle.save(), 103s, Wall{103s}));
  EXPECT_EQ(nobody_missed.absence().time, 0s);
  Pipeline clock_set_back(again, Config{}, "", Wall{50s});
  ASSERT_TRUE(clock_set_back.restore(state, 51s, Wall{51s}));
  EXPECT_EQ(clock_set_back.absence().time, 0s);
}

TEST(Pipeline, LossesAreRecentForAMinute) {
  std::vector<Snapshot> snapshots{node(0).build()};
  for (int i = 0; i < 70; ++i) snapshots.push_back(node(0).loss(FANFARE_LOSS_BAD_FRAME, 4).build());
  Script source(std::move(snapshots));
  Pipeline pipeline(source, Config{}, "", Wall{});
  tick(pipeline, 0s);
  auto view = tick(pipeline, 1s);
  EXPECT_EQ(loss_of(*view, "bad_frame").recent, 4u);
  EXPECT_EQ(loss_of(*view, "egress_hole").count, 0u);
  for (int second = 2; second <= 62; ++second) view = tick(pipeline, std::chrono::seconds(second));
  EXPECT_EQ(loss_of(*view, "bad_frame").recent, 0u);
  EXPECT_EQ(loss_of(*view, "bad_frame").count, 4u);
}

TEST(Pipeline, AViewThatIsStillReadIsNotWrittenOver) {
  Script source({node(1).build(), node(2).build(), node(3).build(), node(4).build()});
  Pipeline pipeline(source, Config{}, "", Wall{});
  const auto held = tick(pipeline, 1s);
  tick(pipeline, 2s);
  tick(pipeline, 3s);  // would spend the first
  EXPECT_EQ(held->snapshot->flows.at(0).local_port, 8080);
  tick(pipeline, 4s);  // spends the second, which nobody holds
  EXPECT_EQ(source.spent(), (std::vector<std::size_t>{0, 0, 0, 1}));
}

TEST(Pipeline, AFailedReadPublishesNothingAndTheNextGoesOn) {
  Script source({node(1).build()});
  Pipeline pipeline(source, Config{}, "", Wall{});
  tick(pipeline, 1s);
  EXPECT_THROW(tick(pipeline, 2s), std::runtime_error);
}

TEST(Pipeline, KeepsAPast) {
  Script source({node(0).build(), node(50).build(), node(60).build()});
  Pipeline pipeline(source, Config{}, "", Wall{});
  tick(pipeline, 1s);
  EXPECT_TRUE(tick(pipeline, 3s)->history->steps.empty());
  const auto view = tick(pipeline, 5s);
  ASSERT_EQ(view->history->steps.size(), 1u);
  EXPECT_FLOAT_EQ(view->history->steps[0]->points.at(0).events_out, 25);
}

TEST(Pipeline, AReloadChangesWhatFollows) {
  Script source({node(1).build(), node(2).build()});
  Pipeline pipeline(source, Config{}, "", Wall{});
  tick(pipeline, 1s);
  Config config;
  config.cluster = "other";
  config.shards = {{.name = "eu", .match = {.listen_ports = {8080}, .cgroup = "", .exe = ""}}};
  pipeline.reload(config);
  const auto view = tick(pipeline, 2s);
  EXPECT_EQ(view->cluster, "other");
  EXPECT_EQ(view->shards.at(0).shard.name, "eu");
}

}  // namespace
}  // namespace fanfare
