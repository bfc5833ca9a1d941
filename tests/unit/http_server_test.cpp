// SPDX-License-Identifier: Apache-2.0
// The server with real sockets: polite, slow and hostile clients, and the end. The start is in
// server_start_test.cpp.
#include "agent/exports/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/loopback_server.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
using namespace std::chrono_literals;
using namespace loopback;

TEST(HttpServer, AnswersOnBothSurfaces) {
  Running server;
  const Client tcp = server.tcp();
  tcp.send(get("/metrics"));
  const std::string metrics = tcp.read_answer();
  EXPECT_TRUE(metrics.starts_with("HTTP/1.1 200 OK\r\n")) << metrics;
  EXPECT_TRUE(has(metrics, "\nfanfare_build_info{")) << metrics;
  const Client admin = server.unix_socket();
  admin.send(get("/api/v1/sockets"));
  EXPECT_TRUE(has(admin.read_answer(), sample::client_address));
  const Client outside = server.tcp();
  outside.send(get("/api/v1/sockets"));
  const std::string refused = outside.read_answer();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 404 ")) << refused;
  EXPECT_FALSE(has(refused, sample::client_address));
}

TEST(HttpServer, KeepsTheConnectionForMoreRequests) {
  Running server;
  const Client client = server.tcp();
  for (int i = 0; i < 3; ++i) {
    client.send(get("/livez"));
    EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nalive\n"));
  }
  client.send(get("/livez") + get("/livez"));  // pipelined
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nalive\n"));
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nalive\n"));
  client.send("HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string head = client.read_all();
  EXPECT_TRUE(has(head, "Content-Length: 6\r\n")) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST(HttpServer, CountsScrapesOfTheListenSurfaceOnly) {
  Running server;
  const Client tcp = server.tcp();
  for (const char* path : {"/metrics", "/livez", "/metrics?a=b", "/metricsx"}) {
    tcp.send(get(path));
    tcp.read_answer();
  }
  tcp.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  tcp.read_all();
  const Client admin = server.unix_socket();
  admin.send(get("/metrics"));
  admin.read_answer();
  server.stop();
  EXPECT_EQ(server.scrapes, 2);
  EXPECT_EQ(server.last_scraper, "127.0.0.1 (says no name)");
}

TEST(HttpServer, KnowsWhoScrapesByTheFirstBytesOfItsName) {
  Running server;
  const Client tcp = server.tcp();
  tcp.send("GET /metrics HTTP/1.1\r\nHost: x\r\nUser-Agent: Prometheus/2.42.0" +
           std::string(100, '!') + "\r\nConnection: close\r\n\r\n");
  tcp.read_all();
  server.stop();
  EXPECT_EQ(server.last_scraper, "127.0.0.1 (Prometheus/2.42.0" + std::string(63, '!') + ")");
}

TEST(HttpServer, BeforeTheFirstViewIsUnavailable) {
  Running server;
  server.view.store(nullptr);
  const Client client = server.tcp();
  client.send(get("/metrics"));
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 503 "));
  client.send(get("/livez"));
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 200 "));
  client.send("GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n");
  client.read_all();
  server.stop();
  EXPECT_EQ(server.scrapes, 0);
}

TEST(HttpServer, GarbageIsABadRequest) {
  Running server;
  const std::string zeros(300, '\0');
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02 hello\r\n\r\n"), zeros + "\r\n\r\n",
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET /\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")}) {
    const Client client = server.tcp();
    client.send(garbage);
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << garbage << " -> " << answer;
  }
  const Client next = server.tcp();
  next.send(get("/livez"));
  EXPECT_TRUE(next.read_answer().starts_with("HTTP/1.1 200 "));
}

TEST(HttpServer, AnOversizedHeaderIsRefused) {
  Running server;
  const auto request = [](std::size_t size) {
    return "GET /livez HTTP/1.1\r\nX: " + std::string(size, 'x') + "\r\n\r\n";
  };
  const Client within = server.tcp();
  within.send(request(8000));
  EXPECT_TRUE(within.read_answer().starts_with("HTTP/1.1 200 "));
  for (const std::size_t size : {8200UL, 60000UL, 4000000UL}) {
    const Client client = server.tcp();
    client.send(request(size));
    // Of the largest the answer may be lost in the reset; that it ends is what counts.
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 431 ") || size > 1000000) << size << " " << answer;
  }
}

TEST(HttpServer, AnOversizedBodyIsRefused) {
  Running server;
  const auto post = [](std::size_t size) {
    return "POST /livez HTTP/1.1\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
           std::string(size, 'x');
  };
  const Client within = server.tcp();
  within.send(post(4096));
  EXPECT_TRUE(within.read_answer().starts_with("HTTP/1.1 405 "));
  const Client beyond = server.tcp();
  beyond.send(post(4097));
  EXPECT_TRUE(beyond.read_all().starts_with("HTTP/1.1 413 "));
}

TEST(HttpServer, ASilentClientIsClosedInTime) {
  for (const char* start : {"", "GET /met", "GET /metrics HTTP/1.1\r\nHost: x\r\n"}) {
    Running server(200ms);
    for (const bool on_tcp : {true, false}) {
      const auto begin = Clock::now();
      const Client client = on_tcp ? server.tcp() : server.unix_socket();
      client.send(start);
      EXPECT_EQ(client.read_all(), "");
      EXPECT_GE(Clock::now() - begin, 150ms) << start;
    }
  }
}

TEST(HttpServer, ATricklingClientIsClosedInTime) {
  Running server(300ms);
  const Client client = server.tcp();
  client.send("GET /livez HTTP/1.1\r\nX: ");
  // Each byte on its own would keep a timer alive that starts again with each read.
  const auto closed = [&] {
    std::this_thread::sleep_for(15ms);
    client.send("x");
    return client.closed();
  };
  EXPECT_TRUE(soon(closed));
  EXPECT_TRUE(soon([&] { return server.open(Surface::listen) == 0; }));
}

TEST(HttpServer, AClientThatDoesNotReadIsClosedInTime) {
  Running server(1s);
  View large = sample::view();
  for (int i = 0; i < 5000; ++i) {
    large.shards.push_back(sample::shard("shard-" + std::to_string(i)));
  }
  server.view.store(std::make_shared<const View>(std::move(large)));
  const Client client = server.tcp();
  client.send(get("/metrics"));  // more than the socket buffers hold
  ASSERT_TRUE(soon([&] { return server.open(Surface::listen) == 1; }));
  EXPECT_TRUE(soon([&] { return server.open(Surface::listen) == 0; }));
  server.stop();
  EXPECT_EQ(server.scrapes, 0) << "a scrape that did not arrive is none";
}

// The agent must be probed and scraped beside whoever never finishes a request.
TEST(HttpServer, AThousandHalfOpenConnectionsKeepNobodyOut) {
  constexpr int many = 1000;
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  if (files.rlim_cur < 2 * many) GTEST_SKIP() << "may not open so many files";
  Running server(60s);
  for (const Surface surface : {Surface::listen, Surface::admin}) {
    const auto come = [&] {
      return surface == Surface::listen ? server.tcp() : server.unix_socket();
    };
    std::vector<Client> crowd;
    for (int i = 0; i < many; ++i) {
      crowd.push_back(come());
      if (i % 2) crowd.back().send("GET /metrics HTTP/1.1\r\nHost: x\r\n");
      if (i % 100 != 99) continue;
      for (const char* path : {"/livez", "/readyz", "/metrics"}) {
        const Client probe = come();
        probe.send(get(path));
        // Whatever it is: the sample's figures are old, so it is not ready.
        EXPECT_TRUE(probe.read_answer().starts_with("HTTP/1.1 ")) << path << " beside " << i;
      }
    }
    EXPECT_LE(server.open(surface), surface == Surface::listen ? 32U : 256U);
    EXPECT_GE(server.displaced(surface), 700U);
    EXPECT_EQ(crowd.front().read_all(), "") << "the oldest was closed";
    crowd.clear();
    EXPECT_TRUE(soon([&] { return server.open(surface) == 0; }));
  }
}

TEST(HttpServer, PacksWhatIsLargeForWhoAsks) {
  Running server;
  const Client client = server.tcp();
  client.send("GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  const std::string packed = client.read_answer();
  EXPECT_TRUE(has(packed, "Content-Encoding: gzip\r\n"));
  client.send(get("/metrics"));
  EXPECT_GT(client.read_answer().size(), 3 * packed.size());
  server.stop();
  EXPECT_EQ(server.scrapes, 2);
}

TEST(HttpServer, StopEndsOpenConnectionsAndRemovesTheFile) {
  Running server(60s);
  const Client idle = server.tcp();
  const Client half = server.unix_socket();
  half.send("GET /liv");
  const Client kept = server.tcp();
  kept.send(get("/livez"));
  kept.read_answer();
  ASSERT_TRUE(soon([&] { return server.open(Surface::listen) == 2; }));
  ASSERT_TRUE(std::filesystem::exists(server.admin()));
  const auto begin = Clock::now();
  server.stop();
  EXPECT_LT(Clock::now() - begin, 30s) << "their own time is a minute";
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
  EXPECT_FALSE(std::filesystem::exists(server.admin()));
}

TEST(HttpServer, TheContextMayEndWithConnectionsOpen) {
  const Directory directory;
  std::optional<Client> client;
  {
    net::io_context context(1);
    Server server(context, {"127.0.0.1:0", directory.file("s"), 60s}, {[] { return nullptr; }, {}});
    client.emplace(server.listen_address());
    EXPECT_TRUE(soon(context, [&] { return server.open(Surface::listen) == 1; }));
  }
  EXPECT_EQ(client->read_all(), "");
}

}  // namespace
}  // namespace fanfare
