// SPDX-License-Identifier: Apache-2.0
// From a judgement to a real Alertmanager and out of its webhook. What is asserted is what
// Alertmanager says: its API, and its notifications.
#include <gmock/gmock.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <chrono>

#include "agent/alerts/board.h"
#include "agent/exports/alertmanager.h"
#include "tests/peers/alertmanager/process.h"
#include "tests/unit/fake_alertmanager.h"
#include "tests/unit/sample_judgement.h"

namespace fanfare::peers {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

// The board's clock is the host's: Alertmanager compares what it is told with the time of day. Its
// ticks are as short as the test can afford, `now` passes a second with each.
class AlertmanagerPeer : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(await([&] { return real.has_ended() || ready(); })) << real.log();
    ASSERT_FALSE(real.has_ended()) << "prometheus-alertmanager is missing or does not start: "
                                   << "tests/peers/setup.sh installs it\n"
                                   << real.log();
    tick(sample::healthy_reach());
    ASSERT_TRUE(await([&] {
      tick(sample::healthy_reach());
      return view().posts > 0;
    })) << view().error;
  }

  template <class Condition>
  bool await(Condition condition) {
    for (const auto end = steady_clock::now() + 20s; steady_clock::now() < end;) {
      if (condition()) return true;
      context.restart();
      context.run_for(20ms);
    }
    return false;
  }
  bool ready() const try {
    fetch(real.port(), "/-/ready");
    return true;
  } catch (const std::exception&) {
    return false;
  }

  void tick(const Signal& reach) {
    now += 1s;
    wall = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    alerts = board.advance(now, wall, {sample::judgement(reach, now)});
    poster.post(alerts, {"eu", "n1"}, now, wall);
  }
  AlertmanagerView view() const { return poster.views(now).at(0); }

  // "critical active" for each alert that Alertmanager holds
  std::vector<std::string> held() const {
    std::vector<std::string> list;
    const json::value all = json::parse(fetch(real.port(), "/api/v2/alerts"));
    for (const json::value& alert : all.as_array())
      list.push_back(std::string(alert.at("labels").at("severity").as_string()) + " " +
                     std::string(alert.at("status").at("state").as_string()));
    std::ranges::sort(list);
    return list;
  }
  // "critical firing" in the order in which the webhook was told
  std::vector<std::string> told() const {
    std::vector<std::string> list;
    for (const fake::Request& request : hook.requests) {
      const json::value notification = json::parse(request.body());
      for (const json::value& alert : notification.at("alerts").as_array())
        list.push_back(std::string(alert.at("labels").at("severity").as_string()) + " " +
                       std::string(alert.at("status").as_string()));
    }
    return list;
  }

  net::io_context context{1};
  fake::Alertmanager hook{context};
  RealAlertmanager real{hook.url()};
  Board board;
  AlertPoster poster{context, {real.url()}};
  std::vector<Alert> alerts;
  Monotonic now = sample::start;
  Wall wall{};
};

TEST_F(AlertmanagerPeer, TakesAnEmptySet) {
  EXPECT_TRUE(view().reachable);
  EXPECT_THAT(held(), IsEmpty());
}

TEST_F(AlertmanagerPeer, HoldsWhatFiresWithItsLabels) {
  tick(sample::lost(sample::healthy_reach(), 62, 0.68));
  ASSERT_TRUE(await([&] { return !held().empty(); }));
  const json::value alert = json::parse(fetch(real.port(), "/api/v2/alerts")).as_array().at(0);
  EXPECT_EQ(alert.at("labels"), json::parse(R"({
    "alertname": "FanfareReachLoss", "cluster": "eu", "node": "n1", "severity": "critical",
    "shard": "chat-1", "source": "agent", "step": "broadcast"})"));
  EXPECT_EQ(alert.at("annotations").at("description").as_string(),
            alerts[0].why + " " + alerts[0].next);
  EXPECT_EQ(alert.at("annotations").at("summary").as_string(), "n1: " + alerts[0].summary);
  EXPECT_EQ(alert.at("status").at("state").as_string(), "active");
  ASSERT_TRUE(await([&] { return !told().empty(); }));
  EXPECT_THAT(told(), ElementsAre("critical firing"));
}

TEST_F(AlertmanagerPeer, ResolvesByEvidenceOnly) {
  tick(sample::lost(sample::healthy_reach(), 62, 0.68));
  ASSERT_TRUE(await([&] { return told().size() == 1; }));
  for (int i = 0; i < 60; ++i) tick(sample::healthy_reach());
  EXPECT_THAT(held(), ElementsAre("critical active"));
  ASSERT_EQ(alerts[0].state, AlertState::firing);
  tick(sample::healthy_reach());
  ASSERT_EQ(alerts[0].state, AlertState::resolved);
  ASSERT_TRUE(await([&] {
    tick(sample::healthy_reach());
    return told().size() == 2;
  }));
  EXPECT_THAT(told(), ElementsAre("critical firing", "critical resolved"));
  EXPECT_THAT(held(), IsEmpty());
}

TEST_F(AlertmanagerPeer, ARaisedSeverityLeavesOneAlert) {
  tick(sample::lost(sample::healthy_reach(), 194, 0.02));
  ASSERT_TRUE(await([&] { return told().size() == 1; }));
  EXPECT_THAT(held(), ElementsAre("warning active"));
  const auto worse = sample::lost(sample::healthy_reach(), 62, 0.68);
  ASSERT_TRUE(await([&] {
    tick(worse);
    return told().size() == 3;
  }));
  EXPECT_THAT(held(), ElementsAre("critical active"));
  EXPECT_THAT(told(), testing::UnorderedElementsAre("warning firing", "critical firing",
                                                    "warning resolved"));
}

TEST_F(AlertmanagerPeer, SaysWhyItRefuses) {
  poster.set_targets({real.url() + "/elsewhere"});
  ASSERT_TRUE(await([&] {
    tick(sample::healthy_reach());
    return view().failures > 0;
  }));
  EXPECT_FALSE(view().reachable);
  EXPECT_EQ(view().error, "HTTP 404: 404 page not found");
}

}  // namespace
}  // namespace fanfare::peers
