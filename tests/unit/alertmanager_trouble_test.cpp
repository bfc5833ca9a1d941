// SPDX-License-Identifier: Apache-2.0
// Posting to Alertmanagers that refuse, hang, close and do not exist.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/alert_posting.h"
#include "tests/unit/fake_alertmanager.h"

namespace fanfare {
namespace {

namespace http = boost::beast::http;
namespace net = boost::asio;
using namespace std::chrono_literals;
using namespace sample;
using fake::Alertmanager;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// The seconds, from the first attempt on, at which `url` was tried while it failed.
std::vector<int> attempts(Posting& posting, int seconds) {
  std::vector<int> at;
  std::uint64_t failures = 0;
  for (int second = 0; second <= seconds; ++second) {
    posting.tick({firing()});
    posting.poster.post({firing()}, posting.origin, posting.now, posting.wall);  // settles
    if (posting.view().failures > failures) at.push_back(second);
    failures = posting.view().failures;
  }
  return at;
}

TEST(AlertPoster, ARefusingTargetIsTriedEverLessOften) {
  net::io_context context;
  Posting posting(context, {fake::refusing_url(context)});
  EXPECT_THAT(attempts(posting, 250), ElementsAre(0, 1, 3, 7, 15, 31, 63, 123, 183, 243));
  EXPECT_FALSE(posting.view().reachable);
  EXPECT_EQ(posting.view().error, "connecting: Connection refused");
  EXPECT_EQ(posting.view().last_post_seconds, -1);
  EXPECT_EQ(posting.view().posts, 0U);
}

TEST(AlertPoster, AChangeIsTriedAtOnce) {
  net::io_context context;
  Alertmanager server(context);
  server.answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nbusy\n";
  Posting posting(context, {server.url()});
  posting.tick(100, {});  // at 0, 1, 3, 7, 15, 31, 63
  EXPECT_THAT(server.requests, SizeIs(7));
  EXPECT_EQ(posting.view().error, "HTTP 503: busy");
  posting.tick({firing()});
  EXPECT_THAT(server.requests, SizeIs(8));
  posting.tick(7, {firing()});  // 1, 3 and 7 seconds later
  EXPECT_THAT(server.requests, SizeIs(11));
  server.answer = fake::accepted;
  posting.tick(7, {firing()});
  EXPECT_THAT(server.requests, SizeIs(11));
  posting.tick(2, {firing()});
  EXPECT_THAT(server.requests, SizeIs(12));
  EXPECT_TRUE(posting.view().reachable);
  EXPECT_EQ(posting.view().error, "");
  EXPECT_EQ(posting.view().posts, 1U);
  EXPECT_EQ(posting.view().failures, 11U);
  posting.tick(29, {firing()});
  EXPECT_THAT(server.requests, SizeIs(13)) << "the refresh is back";
}

TEST(AlertPoster, SaysWhatTheOtherEndSays) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {server.url()});
  const auto error_after = [&](const std::string& answer) {
    server.answer = answer;
    posting.tick(61, {firing()});
    posting.tick({firing()});
    return posting.view().error;
  };
  EXPECT_EQ(
      error_after("HTTP/1.1 400 Bad Request\r\nContent-Length: 12\r\n\r\nbad \x1b[2J\xff!\n\n"),
      "HTTP 400: bad \\x1b[2J\\xff!");
  EXPECT_EQ(
      error_after("HTTP/1.1 404 Not Found\r\nContent-Length: 300\r\n\r\n" + std::string(300, 'x')),
      "HTTP 404: " + std::string(200, 'x'));
  EXPECT_EQ(error_after("HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"),
            "HTTP 301");
  EXPECT_EQ(error_after("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"),
            "waiting for the answer: body limit exceeded");
  EXPECT_EQ(error_after("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x') + "\r\n\r\n"),
            "waiting for the answer: header limit exceeded");
  EXPECT_THAT(error_after("SSH-2.0-OpenSSH_9.2\r\n"), HasSubstr("waiting for the answer: bad"));
  EXPECT_EQ(error_after(""), "waiting for the answer: end of stream");
  EXPECT_EQ(error_after(fake::accepted), "");
}

TEST(AlertPoster, ATargetThatHangsHasOneRequestAndItsTime) {
  net::io_context context;
  Alertmanager server(context);
  server.manner = Alertmanager::Manner::hangs;
  Posting posting(context, {server.url()}, 3s);  // in which a slow machine has ticked too
  posting.tick(20, {firing()});
  ASSERT_THAT(server.requests, SizeIs(1));
  EXPECT_EQ(server.at_once, 1U);
  posting.run(3100ms);
  EXPECT_EQ(server.ended, 1U);
  posting.tick({firing()});
  EXPECT_EQ(posting.view().error, "waiting for the answer: no answer within 3 s");
  EXPECT_FALSE(posting.view().reachable);
}

TEST(AlertPoster, WhatChangesDuringAPostIsPostedNext) {
  net::io_context context;
  Alertmanager server(context);
  server.manner = Alertmanager::Manner::hangs;
  Posting posting(context, {server.url()}, 2s);
  posting.tick({});
  server.manner = Alertmanager::Manner::answers;
  posting.tick({firing()});
  ASSERT_THAT(server.requests, SizeIs(1));
  posting.run(2100ms);
  posting.tick({resolved()});
  ASSERT_THAT(server.requests, SizeIs(2));
  EXPECT_THAT(server.last(), SizeIs(1)) << "the latest, not what was current in between";
  EXPECT_EQ(server.last()[0].at("endsAt").as_string(), "2023-11-14T22:15:00.000Z");
}

TEST(AlertPoster, OneThatHangsDoesNotDelayTheOthers) {
  net::io_context context;
  Alertmanager hangs(context);
  hangs.manner = Alertmanager::Manner::hangs;
  Alertmanager closes(context);
  closes.manner = Alertmanager::Manner::closes;
  Alertmanager good(context);
  Posting posting(context,
                  {hangs.url(), fake::refusing_url(context), closes.url(), "ftp://x", good.url()});
  posting.tick({firing()});
  EXPECT_THAT(good.requests, SizeIs(1));
  posting.tick({resolved()});
  EXPECT_THAT(good.requests, SizeIs(2));
  posting.tick({resolved()});
  EXPECT_EQ(posting.view(4).posts, 2U);
  EXPECT_TRUE(posting.view(4).reachable);
  EXPECT_EQ(posting.view(3).error, "not the http or https URL of an Alertmanager");
  EXPECT_EQ(posting.view(3).url, "");
  EXPECT_EQ(posting.view(1).failures, 2U);
  EXPECT_FALSE(posting.view(2).reachable);
  EXPECT_EQ(posting.view(0).posts + posting.view(0).failures, 0U);
}

TEST(AlertPoster, APasswordIsSentAndNotShown) {
  net::io_context context;
  Alertmanager server(context);
  Posting posting(context, {"http://fan%40fare:s%3Acret@" + server.address()});
  posting.tick({firing()});
  ASSERT_THAT(server.requests, SizeIs(1));
  // printf 'fan@fare:s:cret' | base64
  EXPECT_EQ(server.requests[0][http::field::authorization], "Basic ZmFuQGZhcmU6czpjcmV0");
  EXPECT_EQ(server.requests[0][http::field::host], server.address());
  EXPECT_EQ(posting.view().url, server.url());
}

TEST(AlertPoster, ANameIsLookedUp) {
  net::io_context context;
  Alertmanager server(context);
  const std::string port = server.address().substr(server.address().find(':'));
  // A label has 63 characters at most: that it is no name is found out without a name server.
  Posting posting(context,
                  {"http://localhost" + port, "http://" + std::string(64, 'x') + ".invalid"}, 2s);
  posting.tick({firing()});
  posting.run(1s);  // look-ups have a thread of their own
  ASSERT_THAT(server.requests, SizeIs(1));
  EXPECT_EQ(server.requests[0][http::field::host], "localhost" + port);
  posting.run(2s);
  posting.tick({firing()});
  EXPECT_THAT(posting.view(1).error, testing::StartsWith("look-up: "));
}

TEST(AlertPoster, AnotherListKeepsWhatStays) {
  net::io_context context;
  Alertmanager one(context);
  Alertmanager two(context);
  Alertmanager three(context);
  two.manner = Alertmanager::Manner::hangs;
  Posting posting(context, {one.url(), two.url()});
  posting.tick(2, {firing()});
  posting.poster.set_targets({three.url(), one.url()});
  posting.run();
  EXPECT_EQ(two.ended, 1U) << "its post is given up";
  posting.tick(2, {firing()});
  EXPECT_THAT(one.requests, SizeIs(1)) << "it knows already";
  EXPECT_THAT(three.requests, SizeIs(1));
  ASSERT_THAT(posting.poster.views(posting.now), SizeIs(2));
  EXPECT_EQ(posting.view(0).url, three.url());
  EXPECT_EQ(posting.view(1).posts, 1U);
}

TEST(AlertPoster, MayEndBeforeItsPosts) {
  net::io_context context;
  Alertmanager server(context);
  server.manner = Alertmanager::Manner::hangs;
  {
    Posting posting(context, {server.url()});
    posting.tick({firing()});
    ASSERT_THAT(server.requests, SizeIs(1));
  }
  for (int i = 0; i < 1000 && server.ended == 0; ++i) {
    context.restart();
    context.run_one_for(20ms);
  }
  EXPECT_EQ(server.ended, 1U);
}

}  // namespace
}  // namespace fanfare
