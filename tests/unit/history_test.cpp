// SPDX-License-Identifier: Apache-2.0
// The past of a shard: steps, their figures, what ages out, and clocks that jump.
#include "agent/exports/history.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "agent/exports/history_json.h"
#include "tests/unit/sample_view.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr Wall boot{std::chrono::seconds(1700000000)};

struct Seen {
  std::string name = "chat";
  std::uint64_t events_out = 0;
  std::uint64_t events_in = 0;
};

// A history with the view that a tick at `at` seconds after the boot would publish.
struct Ticking {
  const View& tick(std::chrono::nanoseconds at, const std::vector<Seen>& shards) {
    view.taken = boot_now + std::chrono::duration_cast<Wall::duration>(at);
    view.shards.clear();
    for (const Seen& seen : shards) {
      ShardView& shard = view.shards.emplace_back();
      shard.shard.name = seen.name;
      shard.shard.out.messages[FANFARE_EVENT] = seen.events_out;
      shard.shard.in.messages[FANFARE_EVENT] = seen.events_in;
      shard.shard.sockets_synced = seen.events_out;
      shard.judgement.signals = signals;
    }
    history.advance(at, view);
    view.history = history.timeline();
    return view;
  }
  const HistoryStep& step(std::size_t i) const { return *history.timeline()->steps.at(i); }
  std::size_t steps() const { return history.timeline()->steps.size(); }

  Wall boot_now = boot;
  std::vector<Signal> signals;
  View view;
  History history;
};

Signal signal(const char* name, std::optional<double> ratio, std::optional<double> normal,
              double evidence) {
  Signal signal;
  signal.name = name;
  signal.ratio.value = ratio;
  signal.normal = normal;
  signal.evidence = evidence;
  return signal;
}

TEST(History, RatesAreOfTheStepAndGaugesOfItsLastTick) {
  Ticking t;
  t.tick(10s, {{"chat", 100, 7}});  // what was counted before is of no step
  for (int i = 1; i <= 4; ++i) t.tick(10s + i * 1s, {{"chat", 100u + i * 20u, 7u + i}});
  EXPECT_EQ(t.steps(), 0U);
  t.tick(15s, {{"chat", 230, 11}});
  ASSERT_EQ(t.steps(), 1U);
  EXPECT_EQ(*t.step(0).shards, std::vector<std::string>{"chat"});
  EXPECT_FLOAT_EQ(t.step(0).points.at(0).events_out, 20);
  EXPECT_FLOAT_EQ(t.step(0).points.at(0).events_in, 1);
  EXPECT_EQ(t.step(0).points.at(0).synced, 180U);
  EXPECT_EQ(t.history.timeline()->ended(t.step(0)), 1700000015);
  t.tick(20s, {{"chat", 230, 11}});  // from the last tick of one step to the last of the next
  EXPECT_FLOAT_EQ(t.step(1).points.at(0).events_out, 50);
}

TEST(History, HoldsFifteenMinutes) {
  Ticking t;
  for (int i = 0; i <= 200; ++i) t.tick(i * 5s, {{"chat", i * 10u, 0}});
  ASSERT_EQ(t.steps(), 180U);
  EXPECT_EQ(t.step(0).number, 20);
  EXPECT_EQ(t.step(179).number, 199);
  EXPECT_FLOAT_EQ(t.step(179).points.at(0).events_out, 2);
  EXPECT_EQ(t.step(0).shards, t.step(179).shards) << "names are held once";
  EXPECT_EQ(sizeof(HistoryPoint), 48U) << "the bound in history.h speaks of it";
}

TEST(History, AStepWithoutATickIsMissingAndAGapAgesOut) {
  Ticking t;
  t.tick(0s, {{"chat", 0, 0}});
  t.tick(17s, {{"chat", 170, 0}});
  t.tick(20s, {{"chat", 170, 0}});
  ASSERT_EQ(t.steps(), 2U);
  EXPECT_EQ(t.step(0).number, 0);
  EXPECT_EQ(t.step(1).number, 3);
  EXPECT_FLOAT_EQ(t.step(1).points.at(0).events_out, 10) << "over the whole gap";
  t.tick(5000s, {{"chat", 170, 0}});
  t.tick(5005s, {{"chat", 170, 0}});
  ASSERT_EQ(t.steps(), 1U);
  EXPECT_EQ(t.step(0).number, 1000);
}

TEST(History, ShardsComeAndGo) {
  Ticking t;
  t.tick(0s, {{"b", 5, 0}});
  t.tick(5s, {{"a", 900, 0}, {"b", 10, 0}});
  t.tick(10s, {{"a", 905, 0}});
  t.tick(15s, {{"a", 905, 0}});
  ASSERT_EQ(t.steps(), 3U);
  EXPECT_TRUE(std::isnan(t.step(0).points.at(0).events_out)) << "one sight is no rate";
  EXPECT_EQ(*t.step(1).shards, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(std::isnan(t.step(1).points.at(0).events_out));
  EXPECT_FLOAT_EQ(t.step(1).points.at(1).events_out, 1);
  EXPECT_EQ(*t.step(2).shards, std::vector<std::string>{"a"});
  EXPECT_FLOAT_EQ(t.step(2).points.at(0).events_out, 1);
  for (int i = 4; i <= 190; ++i) t.tick(i * 5s, {{"a", 905, 0}});
  for (const auto& step : t.history.timeline()->steps)
    EXPECT_EQ(*step->shards, std::vector<std::string>{"a"});
}

TEST(History, SignalsAlertsAndTheUnknown) {
  Ticking t;
  t.signals = {signal("reach", 0.5, 0.99, 3), signal("copies", std::nullopt, std::nullopt, 0),
               signal("replication", 0.25, 0.999, 30),
               signal("replication", std::nullopt, 0.999, 0), signal("replication", 1, 0.999, 0)};
  Alert firing;
  firing.shard = "chat";
  firing.state = AlertState::firing;
  Alert pending = firing;
  pending.state = AlertState::pending;
  Alert elsewhere = firing;
  elsewhere.shard = "other";
  t.view.alerts = {firing, pending, elsewhere};
  t.tick(0s, {Seen{}});
  t.tick(5s, {Seen{}});
  const HistoryPoint& point = t.step(0).points.at(0);
  EXPECT_FLOAT_EQ(point.reach, 0.5);
  EXPECT_FLOAT_EQ(point.reach_normal, 0.99F);
  EXPECT_TRUE(std::isnan(point.copies));
  EXPECT_TRUE(std::isnan(point.copies_normal));
  EXPECT_FLOAT_EQ(point.replication, 0.25) << "the peer that gets least";
  EXPECT_FLOAT_EQ(point.evidence, 30);
  EXPECT_TRUE(std::isnan(point.coverage));
  EXPECT_EQ(point.firing, 1U);
}

TEST(History, AMonotonicClockThatGoesBackBeginsAnew) {
  Ticking t;
  for (int i = 0; i < 10; ++i) t.tick(1000s + i * 5s, {Seen{}});
  EXPECT_EQ(t.steps(), 9U);
  t.tick(3s, {Seen{}});
  EXPECT_EQ(t.steps(), 0U);
  t.tick(5s, {Seen{}});
  ASSERT_EQ(t.steps(), 1U);
  EXPECT_EQ(t.step(0).number, 0);
}

TEST(History, AWallClockThatIsSetMovesThePastWithIt) {
  Ticking t;
  t.tick(0s, {Seen{}});
  t.tick(5s, {Seen{}});
  t.boot_now += 100ms;  // disciplined: the times of the past stay
  t.tick(10s, {Seen{}});
  EXPECT_EQ(t.history.timeline()->ended(t.step(0)), 1700000005);
  t.boot_now -= 3600s;
  t.tick(15s, {Seen{}});
  EXPECT_EQ(t.history.timeline()->ended(t.step(0)), 1700000005 - 3600);
  EXPECT_EQ(t.history.timeline()->ended(t.step(2)), 1700000015 - 3600);
}

TEST(History, AViewThatIsStillReadDoesNotChange) {
  Ticking t;
  t.tick(0s, {Seen{}});
  const auto before = t.tick(5s, {Seen{}}).history;
  t.tick(10s, {Seen{}});
  EXPECT_EQ(before->steps.size(), 1U);
}

TEST(History, JsonGolden) {
  Ticking t;
  t.signals = {signal("reach", 0.98765, 0.99, 0.12349)};
  t.tick(0s, {{"ch\"at", 0, 0}});
  t.tick(1s, {{"ch\"at", 3, 1}});
  View view = t.tick(6s, {{"ch\"at", 3, 1}});
  EXPECT_EQ(history_json(view, 6s, {}),
            R"({"step_seconds":5,"now_seconds":1700000006,"shards_left_out":0,"shards":[)"
            R"({"shard":"ch\"at","points":[{"at":1700000005,"events_out":3,"events_in":1,)"
            R"("synced":3,"unsynced":0,"coverage":null,"reach":0.988,"reach_normal":0.99,)"
            R"("copies":null,"copies_normal":null,"replication":null,"evidence":0.123,)"
            R"("firing":0}]}]})"
            "\n");
}

TEST(History, JsonOfOneShardOfManyAndOfNone) {
  Ticking t;
  std::vector<Seen> many;
  for (int i = 0; i < 70; ++i) many.push_back({.name = "shard-" + std::to_string(100 + i)});
  t.tick(0s, many);
  many.erase(many.begin());
  t.tick(5s, many);
  const View& view = t.view;
  const auto all = boost::json::parse(history_json(view, 5s, {}));
  EXPECT_EQ(all.at("shards").as_array().size(), 64U);
  EXPECT_EQ(all.at("shards_left_out").as_int64(), 6);
  const auto gone = boost::json::parse(history_json(view, 5s, "shard-100"));
  ASSERT_EQ(gone.at("shards").as_array().size(), 1U) << "15 minutes are told after the end";
  EXPECT_EQ(gone.at("shards").at(0).at("points").as_array().size(), 1U);
  const auto last = boost::json::parse(history_json(view, 5s, "shard-169"));
  EXPECT_EQ(last.at("shards").at(0).at("shard").as_string(), "shard-169");
  EXPECT_EQ(last.at("shards_left_out").as_int64(), 0);
  EXPECT_TRUE(boost::json::parse(history_json(view, 5s, "x")).at("shards").as_array().empty());
  const auto empty = boost::json::parse(history_json(View{}, 5s, {}));
  EXPECT_TRUE(empty.at("shards").as_array().empty());
}

}  // namespace
}  // namespace fanfare
