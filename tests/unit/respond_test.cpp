// SPDX-License-Identifier: Apache-2.0
// What each path answers on each surface, without a socket.
#include "agent/exports/respond.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "agent/exports/history_json.h"
#include "agent/exports/json.h"
#include "agent/exports/judgement_json.h"
#include "agent/exports/metrics.h"
#include "agent/exports/peers_json.h"
#include "agent/exports/sockets_json.h"
#include "tests/unit/sample_outage.h"

namespace fanfare {
namespace {

namespace http = boost::beast::http;

Request request(http::verb method, const std::string& target) { return {method, target, 11}; }

Response get(const std::string& target, Surface surface = Surface::listen) {
  return respond(sample::view(), request(http::verb::get, target), surface, sample::now);
}

std::string type_of(const Response& response) {
  return std::string(response[http::field::content_type]);
}

std::string unpacked(const std::string& gzip) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string text(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

const std::vector<std::string> all_paths{"/",
                                         "/api",
                                         "/metrics",
                                         "/livez",
                                         "/readyz",
                                         "/api/v1/status",
                                         "/api/v1/shards",
                                         "/api/v1/peers",
                                         "/api/v1/alerts",
                                         "/api/v1/history",
                                         "/api/v1/explain?what=:8080",
                                         "/api/v1/sockets"};

TEST(Respond, Metrics) {
  const Response response = get("/metrics");
  EXPECT_EQ(response.result(), http::status::ok);
  EXPECT_EQ(type_of(response), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.body(), metrics_text(sample::view()));
  EXPECT_EQ(get("/metrics?name=x").result(), http::status::ok);
}

TEST(Respond, WhatIsLargeIsPackedForWhoAsks) {
  Request packed = request(http::verb::get, "/metrics");
  packed.set(http::field::accept_encoding, "gzip");
  const auto answer = [](const Request& asked) {
    return respond(sample::view(), asked, Surface::listen, sample::now);
  };
  const Response response = answer(packed);
  EXPECT_EQ(response[http::field::content_encoding], "gzip");
  EXPECT_EQ(response[http::field::vary], "Accept-Encoding");
  EXPECT_EQ(unpacked(response.body()), metrics_text(sample::view()));
  EXPECT_EQ(response[http::field::content_length], std::to_string(response.body().size()));
  EXPECT_EQ(get("/metrics")[http::field::vary], "Accept-Encoding");
  packed.set(http::field::accept_encoding, "gzip;q=0");
  EXPECT_EQ(answer(packed).body(), metrics_text(sample::view()));

  packed.set(http::field::accept_encoding, "gzip, deflate");
  packed.target("/livez");
  EXPECT_EQ(answer(packed).body(), "alive\n");
}

TEST(Respond, Json) {
  EXPECT_EQ(get("/api/v1/status").body(), status_json(sample::view(), sample::now));
  EXPECT_EQ(get("/api/v1/shards").body(), shards_json(sample::view()));
  EXPECT_EQ(get("/api/v1/sockets", Surface::admin).body(),
            sockets_json(sample::view(), sample::now));
  const View outage = sample::outage();
  const auto of_outage = [&outage](const std::string& path) {
    return respond(outage, request(http::verb::get, path), Surface::listen, sample::now).body();
  };
  EXPECT_EQ(of_outage("/api/v1/peers"), peers_json(outage, sample::now));
  EXPECT_EQ(of_outage("/api/v1/alerts"), alerts_json(outage, sample::now));
  EXPECT_NE(of_outage("/api/v1/peers"), get("/api/v1/peers").body());
  EXPECT_NE(of_outage("/api/v1/alerts"), get("/api/v1/alerts").body());
  EXPECT_EQ(type_of(get("/api/v1/status")), "application/json");
}

TEST(Respond, HeadHasTheLengthOfGetAndNoBody) {
  for (const std::string& path : all_paths) {
    const Response whole = get(path, Surface::admin);
    const Response head =
        respond(sample::view(), request(http::verb::head, path), Surface::admin, sample::now);
    EXPECT_EQ(head.result(), whole.result()) << path;
    EXPECT_EQ(head.body(), "") << path;
    EXPECT_FALSE(whole.body().empty()) << path;
    EXPECT_EQ(head[http::field::content_length], std::to_string(whole.body().size())) << path;
    EXPECT_EQ(whole[http::field::content_length], std::to_string(whole.body().size())) << path;
  }
}

TEST(Respond, NoClientAddressOnTheListenSurface) {
  // The admin surface shows it: the search below looks for the right thing.
  ASSERT_NE(get("/api/v1/sockets", Surface::admin).body().find(sample::client_address),
            std::string::npos);
  std::vector<std::string> targets = all_paths;
  for (const char* more : {"/api/v1/sockets?shard=chat", "/api/v1/sockets/", "//api/v1/sockets",
                           "/api/v1/%73ockets", "/./api/v1/sockets", "/api/v1/status?sockets",
                           "/API/V1/SOCKETS", "/api/v1/shards/../sockets"}) {
    targets.emplace_back(more);
  }
  for (const std::string& target : targets) {
    for (const http::verb method : {http::verb::get, http::verb::post, http::verb::options}) {
      const Response response =
          respond(sample::outage(), request(method, target), Surface::listen, sample::now);
      EXPECT_EQ(response.body().find(sample::client_address), std::string::npos) << target;
    }
  }
}

TEST(Respond, SocketsAreNotOnTheListenSurface) {
  const Response response = get("/api/v1/sockets");
  EXPECT_EQ(response.result(), http::status::not_found);
  EXPECT_NE(response.body().find("admin socket"), std::string::npos);
  EXPECT_EQ(get("/api").body().find("/api/v1/sockets"), std::string::npos);
  EXPECT_NE(get("/api", Surface::admin).body().find("/api/v1/sockets"), std::string::npos);
}

TEST(Respond, SocketsOfOneShard) {
  EXPECT_EQ(get("/api/v1/sockets?shard=nobody", Surface::admin).body(), "[\n]\n");
  EXPECT_EQ(get("/api/v1/sockets?shard=ch%61t", Surface::admin).body(),
            sockets_json(sample::view(), sample::now));
  for (const char* target :
       {"/api/v1/sockets?shrad=chat", "/api/v1/sockets?shard", "/api/v1/sockets?shard=a&shard=b"}) {
    EXPECT_EQ(get(target, Surface::admin).result(), http::status::bad_request) << target;
  }
}

TEST(Respond, HistoryOnBothSurfaces) {
  EXPECT_EQ(get("/api/v1/history").body(), history_json(sample::view(), sample::now, {}));
  EXPECT_EQ(get("/api/v1/history?shard=chat", Surface::admin).body(),
            history_json(sample::view(), sample::now, "chat"));
  EXPECT_EQ(get("/api/v1/history?last=5").result(), http::status::bad_request);
}

TEST(Respond, Probes) {
  EXPECT_EQ(get("/livez").result(), http::status::ok);
  EXPECT_EQ(get("/readyz").result(), http::status::ok);
  EXPECT_EQ(get("/readyz").body(), "ready\n");

  View view = sample::view();
  view.health.attached = false;
  view.health.scope = Scope::refuted;
  view.health.config_reload_ok = false;  // a finding, but no reason to leave the rotation
  const Response unready = respond(view, request(http::verb::get, "/readyz"), Surface::listen,
                                   sample::taken + std::chrono::seconds(6));
  EXPECT_EQ(unready.result(), http::status::service_unavailable);
  EXPECT_EQ(std::ranges::count(unready.body(), '\n'), 3) << unready.body();
  for (const char* code : {"FF-ATTACH: ", "FF-STALE: ", "FF-SCOPE: "}) {
    EXPECT_NE(unready.body().find(code), std::string::npos) << unready.body();
  }
  EXPECT_EQ(
      respond(view, request(http::verb::get, "/livez"), Surface::listen, sample::now).result(),
      http::status::ok);
}

TEST(Respond, UnknownPathNamesTheKnownOnes) {
  const Response response = get("/metric");
  EXPECT_EQ(response.result(), http::status::not_found);
  EXPECT_NE(response.body().find("  /metrics "), std::string::npos);
  EXPECT_EQ(get("/api").result(), http::status::ok);
  EXPECT_NE(get("/api").body().find("  /readyz "), std::string::npos);
}

TEST(Respond, OtherMethodsAreNamedNotAllowed) {
  for (const http::verb method : {http::verb::post, http::verb::put, http::verb::delete_,
                                  http::verb::options, http::verb::unknown}) {
    const Response response =
        respond(sample::view(), request(method, "/metrics"), Surface::listen, sample::now);
    EXPECT_EQ(response.result(), http::status::method_not_allowed);
    EXPECT_EQ(response[http::field::allow], "GET, HEAD");
  }
}

TEST(Respond, WhatIsNoPathIsABadRequest) {
  for (const char* target : {"", "*", "metrics", "http://host/metrics", "/a b", "/%zz", "/\x01"}) {
    EXPECT_EQ(get(target).result(), http::status::bad_request) << target;
  }
}

TEST(Respond, ConnectionAndVersionFollowTheRequest) {
  Request old = request(http::verb::get, "/livez");
  old.version(10);
  const Response answer = respond(sample::view(), old, Surface::listen, sample::now);
  EXPECT_EQ(answer.version(), 10U);
  EXPECT_FALSE(answer.keep_alive());
  EXPECT_TRUE(get("/livez").keep_alive());
  Request last = request(http::verb::get, "/livez");
  last.keep_alive(false);
  EXPECT_FALSE(respond(sample::view(), last, Surface::listen, sample::now).keep_alive());
}

TEST(Respond, BeforeTheFirstView) {
  EXPECT_EQ(respond_starting(request(http::verb::get, "/livez")).result(), http::status::ok);
  for (const char* path : {"/readyz", "/metrics", "/api/v1/status"}) {
    EXPECT_EQ(respond_starting(request(http::verb::get, path)).result(),
              http::status::service_unavailable)
        << path;
  }
}

}  // namespace
}  // namespace fanfare
