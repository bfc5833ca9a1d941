// SPDX-License-Identifier: Apache-2.0
// What Alertmanagers are told, as the receiving side got it, and when.
#include <gmock/gmock.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include "tests/unit/alert_posting.h"
#include "tests/unit/fake_alertmanager.h"

namespace fanfare {
namespace {

namespace http = boost::beast::http;
namespace net = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
using namespace sample;
using fake::Alertmanager;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(AlertPoster, PostsWhatFires) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url() + "/prefix/"});
  posting.tick({firing()});
  ASSERT_THAT(server.requests, SizeIs(1));
  const fake::Request& request = server.requests[0];
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), "/prefix/api/v2/alerts");
  EXPECT_EQ(request[http::field::host], server.address());
  EXPECT_EQ(request[http::field::content_type], "application/json");
  EXPECT_EQ(request.count(http::field::authorization), 0U);
  EXPECT_EQ(server.last(), json::parse(R"([{
    "labels": {"alertname": "FanfareReachLoss", "cluster": "eu", "node": "n1",
               "severity": "critical", "shard": "chat-1", "source": "agent", "step": "broadcast"},
    "annotations": {"summary": "n1: Clients miss messages.",
                    "description": "31.3 % reached a client. Roll back."},
    "startsAt": "2023-11-14T22:13:20.000Z",
    "endsAt": "2023-11-14T22:20:41.000Z"}])"));
}

TEST(AlertPoster, NamesAPeer) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  Alert alert = firing();
  alert.peer = "n\xff";
  posting.tick({alert});
  EXPECT_EQ(server.last()[0].at("labels").at("peer").as_string(),
            "n\xEF\xBF\xBD"
            "ff");
}

TEST(AlertPoster, RefreshesEachThirtySeconds) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  posting.tick(30, {firing()});
  EXPECT_THAT(server.requests, SizeIs(1));
  posting.tick({firing()});
  ASSERT_THAT(server.requests, SizeIs(2));
  EXPECT_EQ(server.last()[0].at("endsAt").as_string(), "2023-11-14T22:21:11.000Z");
  posting.tick(60, {firing()});
  EXPECT_THAT(server.requests, SizeIs(4));
}

TEST(AlertPoster, OnlyTextsAndPendingOnesAreNoChange) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  posting.tick({firing()});
  Alert reworded = firing();
  reworded.why = "30.9 % reached a client.";
  Alert pending = firing();
  pending.shard = "chat-2";
  pending.state = AlertState::pending;
  posting.tick(29, {reworded, pending});
  EXPECT_THAT(server.requests, SizeIs(1));
  posting.tick({reworded, pending});
  ASSERT_THAT(server.requests, SizeIs(2));
  ASSERT_THAT(server.last(), SizeIs(1));
  EXPECT_EQ(server.last()[0].at("annotations").at("description").as_string(),
            "30.9 % reached a client. Roll back.");
}

TEST(AlertPoster, AnEmptySetProvesTheWay) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  EXPECT_EQ(posting.view().last_post_seconds, -1);
  posting.tick(31, {});
  ASSERT_THAT(server.requests, SizeIs(2));
  EXPECT_EQ(server.requests[0].body(), "[]");
  posting.tick({});
  EXPECT_EQ(posting.view().posts, 2U);
  EXPECT_EQ(posting.view().last_post_seconds, 0);
  posting.tick({firing()});
  EXPECT_THAT(server.requests, SizeIs(3)) << "at once";
}

TEST(AlertPoster, AResolvedOneIsToldForAsLongAsTheBoardKeepsIt) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  posting.tick({firing()});
  posting.tick({resolved()});
  ASSERT_THAT(server.requests, SizeIs(2));
  EXPECT_EQ(server.last()[0].at("startsAt").as_string(), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(server.last()[0].at("endsAt").as_string(), "2023-11-14T22:15:00.000Z");
  posting.tick(30, {resolved()});
  EXPECT_THAT(server.requests, SizeIs(3));
  EXPECT_EQ(server.last()[0].at("endsAt").as_string(), "2023-11-14T22:15:00.000Z");
  posting.tick({});
  ASSERT_THAT(server.requests, SizeIs(4));
  EXPECT_THAT(server.last(), IsEmpty());
}

TEST(AlertPoster, ARaisedSeverityEndsTheLesserAlert) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  Alert lesser = firing();
  lesser.severity = Severity::warning;
  posting.tick({lesser});
  posting.tick({firing()});
  ASSERT_THAT(server.requests, SizeIs(2));
  const auto ends = [&] {
    std::vector<std::string> list;
    for (const json::value& alert : server.last())
      list.push_back(json::value_to<std::string>(alert.at("labels").at("severity")) + " " +
                     json::value_to<std::string>(alert.at("endsAt")));
    return list;
  };
  EXPECT_THAT(ends(),
              ElementsAre("critical 2023-11-14T22:20:42.000Z", "warning 2023-11-14T22:16:42.000Z"));
  posting.tick(299, {firing()});
  EXPECT_THAT(ends(),
              ElementsAre("critical 2023-11-14T22:25:12.000Z", "warning 2023-11-14T22:16:42.000Z"));
  posting.tick({firing()});
  EXPECT_THAT(ends(), ElementsAre("critical 2023-11-14T22:25:42.000Z")) << "five minutes after";
}

TEST(AlertPoster, AnAlertOfTheOldNameOfTheNodeIsEnded) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  posting.tick({firing()});
  posting.origin.node = "n9";
  posting.tick({firing()});
  ASSERT_THAT(server.last(), SizeIs(2));
  EXPECT_EQ(server.last()[0].at("labels").at("node").as_string(), "n9");
  EXPECT_EQ(server.last()[1].at("labels").at("node").as_string(), "n1");
  EXPECT_EQ(server.last()[1].at("endsAt").as_string(), "2023-11-14T22:16:42.000Z");
}

TEST(AlertPoster, TimesAreInOrderWhateverTheClockDoes) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  posting.wall = Wall(1699999999s);  // set back: the alert began a second from now
  posting.tick({firing()});
  EXPECT_EQ(server.last()[0].at("startsAt").as_string(), "2023-11-14T22:13:20.000Z");
  posting.wall -= 3600s;
  Alert over = resolved();
  over.ended = Wall(1699996000s);
  posting.tick({over});
  EXPECT_EQ(server.last()[0].at("startsAt").as_string(), "2023-11-14T21:13:21.000Z");
  EXPECT_EQ(server.last()[0].at("endsAt").as_string(), "2023-11-14T21:13:21.000Z");
}

TEST(AlertPoster, ABodyHasAThousandAlertsAtMost) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  std::vector<Alert> many;
  for (int i = 0; i < 1500; ++i) {
    many.push_back(i < 1200 ? firing() : resolved());
    many.back().shard = "chat-" + std::to_string(i);
  }
  std::ranges::reverse(many);  // what is resolved stands first
  posting.tick(many);
  ASSERT_THAT(server.last(), SizeIs(1000));
  EXPECT_EQ(server.last()[0].at("labels").at("shard").as_string(), "chat-1199");
  EXPECT_EQ(server.last()[999].at("labels").at("shard").as_string(), "chat-200");
}

}  // namespace
}  // namespace fanfare
