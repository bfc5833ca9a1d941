// SPDX-License-Identifier: Apache-2.0
// Publishes by HTTP and streams of events over real sockets: requests arrive on one CPU while
// answers leave on another, and what a client was answered is what the kernel has counted.
#include <sched.h>

#include <thread>
#include <vector>

#include "tests/kernel/kernel_test.h"
#include "tests/support/dice.h"

namespace fanfare::test {
namespace {

std::string post(const std::string& path, std::size_t size) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: chat\r\nUser-Agent: test\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n" + std::string(size, 'b');
}

std::string answer(const std::string& status, std::size_t size) {
  return "HTTP/1.1 " + status +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n" + std::string(size, 'a');
}

void run_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

class PublishTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    listener_ = listen_on();
  }

  Knobs knobs(ClientProtocol protocol = ClientProtocol::websocket) const {
    Knobs knobs{.sockets = 1024};
    ShardKnobs& shard = knobs.shards.emplace_back();
    shard.protocol = protocol;
    if (protocol == ClientProtocol::websocket)
      shard.publishes = {{Publish::Method::post, "/api/send"}};
    shard.protocol_ports = {port_of(listener_)};
    return knobs;
  }

  // The stream of events as `write` sends it, and the record of its socket when all has been read.
  fanfare_flow streamed(const Pair& pair, const std::string& fields, const std::string& body,
                        std::size_t write) {
    const std::string get = "GET /events HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n";
    send_all(pair.client, get);
    receive(pair.server, get.size());
    const std::string all =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + fields + "\r\n" + body;
    std::thread reader([&] { EXPECT_EQ(receive(pair.client, all.size()).size(), all.size()); });
    for (std::size_t at = 0; at < all.size(); at += write)
      send_all(pair.server, all.substr(at, write));
    reader.join();
    return flow(pair.server);
  }

  Fd listener_;
};

// Requests come from threads that run elsewhere than the server: each connection's two directions
// are walked at once.
TEST_F(PublishTest, counted_as_answered_on_both_cpus) {
  attach(knobs());
  constexpr int connections = 4, rounds = 400;
  std::vector<Pair> pairs;
  for (int i = 0; i < connections; ++i) pairs.push_back(connect_pair(listener_));
  std::vector<std::uint64_t> accepted(connections);
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    const Pair& pair = pairs[static_cast<std::size_t>(i)];
    Dice plan(static_cast<std::uint64_t>(i) + 1);
    struct Exchange {
      std::string request, response;
    };
    auto exchanges = std::make_shared<std::vector<Exchange>>();
    for (int round = 0; round < rounds; ++round) {
      const bool publish = plan.one_in(2), ok = !plan.one_in(3);
      accepted[static_cast<std::size_t>(i)] += publish && ok;
      exchanges->push_back(
          {post(publish ? "/api/send" : "/api/read", plan.below(3000)),
           answer(ok ? "201 Created" : "503 Service Unavailable", plan.below(3000))});
    }
    // Up to 16 requests are sent ahead of their answers.
    threads.emplace_back([&pair, exchanges, i] {
      run_on(i % 2);
      for (int round = 0; round < rounds; ++round) {
        send_all(pair.client, (*exchanges)[static_cast<std::size_t>(round)].request);
        if (round >= 16)
          receive(pair.client, (*exchanges)[static_cast<std::size_t>(round) - 16].response.size());
      }
      for (int round = rounds - 16; round < rounds; ++round)
        receive(pair.client, (*exchanges)[static_cast<std::size_t>(round)].response.size());
    });
    threads.emplace_back([&pair, exchanges, i] {
      run_on(1 - i % 2);
      for (const auto& exchange : *exchanges) {
        receive(pair.server, exchange.request.size());
        send_all(pair.server, exchange.response);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < connections; ++i) {
    const auto found = flow(pairs[static_cast<std::size_t>(i)].server);
    EXPECT_EQ(found.exchanges.accepted, accepted[static_cast<std::size_t>(i)]);
    EXPECT_EQ(found.out.stage, FANFARE_STAGE_RESPONSE);
    EXPECT_EQ(found.exchanges.answered, rounds);
  }
}

TEST_F(PublishTest, an_upgrade_on_the_same_connection_is_counted_as_ever) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  send_all(pair.client, post("/api/send", 10));
  receive(pair.server, post("/api/send", 10).size());
  send_all(pair.server, answer("200 OK", 3));
  receive(pair.client, answer("200 OK", 3).size());
  const std::string get = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
  send_all(pair.client, get);
  receive(pair.server, get.size());
  // Head and first frame in one segment.
  send_all(pair.server, upgrade_head() + wire({text, "first"}));
  send_messages(pair.server, 40, 200);
  send_all(pair.client, wire({text, "hello", true, 0, true}));
  receive(pair.server, 11);
  EXPECT_EQ(events_out(pair.server), 41U);
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 1U);
  EXPECT_EQ(flow(pair.server).exchanges.accepted, 1U);
}

TEST_F(PublishTest, what_is_not_http_is_named) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  send_all(pair.client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  receive(pair.server, 24);
  send_all(pair.server, answer("200 OK", 3));
  const auto found = flow(pair.server);
  EXPECT_EQ(found.exchanges.accepted, 0U);
  EXPECT_EQ(found.out.stage, FANFARE_STAGE_HTTP) << "an upgrade would still be seen";
  expect_loss(FANFARE_LOSS_BAD_HTTP, 1);
}

TEST_F(PublishTest, more_unanswered_than_are_kept_apart) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  std::string many, answers;
  for (int i = 0; i < FANFARE_REQUESTS_MAX + 10; ++i) {
    many += post("/api/send", 1);
    answers += answer("200 OK", 1);
  }
  send_all(pair.client, many);
  receive(pair.server, many.size());
  send_all(pair.server, answers);
  EXPECT_EQ(flow(pair.server).exchanges.accepted, std::uint64_t{FANFARE_REQUESTS_MAX});
  expect_loss(FANFARE_LOSS_HTTP_PIPELINE, 1);
}

TEST_F(PublishTest, older_connections_begin_with_their_next_request) {
  const Pair pair = connect_pair(listener_);
  send_all(pair.client, post("/api/send", 10));
  receive(pair.server, post("/api/send", 10).size());
  attach(knobs());
  send_all(pair.server, answer("200 OK", 3));
  receive(pair.client, answer("200 OK", 3).size());
  for (int i = 0; i < 3; ++i) {
    send_all(pair.client, post("/api/send", 10));
    receive(pair.server, post("/api/send", 10).size());
    send_all(pair.server, answer("200 OK", 3));
    receive(pair.client, answer("200 OK", 3).size());
  }
  EXPECT_EQ(flow(pair.server).exchanges.accepted, 3U);
}

TEST_F(PublishTest, streams_of_events_in_writes_of_any_size) {
  attach(knobs(ClientProtocol::sse));
  std::string body, chunks;
  for (int i = 0; i < 300; ++i) {
    const std::string block =
        i % 10 ? "id: " + std::to_string(i) +
                     "\ndata: " + std::string(static_cast<std::size_t>(i) * 7, 'x') + "\n\n"
               : ": ping\n\n";
    body += block;
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", block.size());
    chunks += size + block + "\r\n";
  }
  for (const std::size_t write : {std::size_t{7}, std::size_t{1000}, std::size_t{100000}}) {
    for (const bool chunked : {false, true}) {
      const Pair pair = connect_pair(listener_);
      const auto found = streamed(pair, chunked ? "Transfer-Encoding: chunked\r\n" : "",
                                  chunked ? chunks : body, write);
      EXPECT_EQ(found.protocol, FANFARE_SSE);
      EXPECT_EQ(found.out.stage, FANFARE_STAGE_EVENT_STREAM);
      EXPECT_EQ(found.out.tally.by_class[FANFARE_EVENT].messages, 270U);
      EXPECT_EQ(found.out.tally.by_class[FANFARE_HEARTBEAT].messages, 30U);
      EXPECT_EQ(found.out.tally.frames, 300U);
      EXPECT_EQ(found.out.tally.by_class[FANFARE_EVENT].bytes +
                    found.out.tally.by_class[FANFARE_HEARTBEAT].bytes + 300,
                body.size());
    }
  }
}

TEST_F(PublishTest, compressed_streams_are_named) {
  attach(knobs(ClientProtocol::sse));
  const Pair pair = connect_pair(listener_);
  std::string chunks;
  for (int i = 0; i < 20; ++i) chunks += "a\r\n0123456789\r\n";
  const auto found =
      streamed(pair, "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", chunks, 100000);
  EXPECT_EQ(found.out.tally.by_class[FANFARE_OTHER].messages, 20U);
  expect_loss(FANFARE_LOSS_COMPRESSED, 20);
}

}  // namespace
}  // namespace fanfare::test
