// SPDX-License-Identifier: Apache-2.0
// Publishes by HTTP over a network that loses, doubles and delays segments. The truth is the
// server's own count: Beast reads the requests there, and Beast reads the answers at the client.
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <semaphore>
#include <thread>

#include "tests/kernel/ingress_fixture.h"

namespace fanfare::test {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr int requests = 3000;
constexpr int unanswered = 40;  // requests ahead of their answers; fewer than are kept apart

asio::ip::tcp::socket stream_over(asio::io_context& io, const Fd& socket) {
  return {io, asio::ip::tcp::v4(), ::dup(socket.get())};
}

struct ServedRequests {
  int all = 0, accepted = 0;
};

// Answers every request; every third of /api/send with an error.
ServedRequests serve(const Fd& socket) {
  asio::io_context io;
  auto stream = stream_over(io, socket);
  boost::beast::flat_buffer buffer;
  ServedRequests served;
  while (served.all < requests) {
    http::request_parser<http::string_body> request;
    http::read(stream, buffer, request);
    const bool publishes = request.get().method() == http::verb::post &&
                           request.get().target().starts_with("/api/send");
    const bool fails = ++served.all % 3 == 0;
    if (publishes && !fails) ++served.accepted;
    http::response<http::string_body> answer(
        fails ? http::status::service_unavailable : http::status::created, 11);
    answer.body() = "{}";
    answer.prepare_payload();
    http::write(stream, answer);
  }
  return served;
}

std::string random_request(Dice& dice) {
  http::request<http::string_body> request(
      http::verb::post, dice.one_in(3) ? "/api/read" : "/api/send?room=lobby", 11);
  request.set(http::field::host, "chat");
  if (dice.one_in(4)) request.set("X-Trace", std::string(dice.below(400), 't'));
  request.chunked(dice.one_in(4));
  request.body() = random_text(dice);
  request.prepare_payload();
  std::ostringstream bytes;
  bytes << request;
  return bytes.str();
}

class PublishIngressTest : public IngressTest {};

TEST_P(PublishIngressTest, accepted_is_what_the_server_answered_2xx) {
  ShardKnobs shard;
  shard.publishes = {{Publish::Method::post, "/api/send"}};
  shard.protocol_ports = shard.client_ports = {port_of(listener_)};
  shard.identity = {.kind = Identity::Kind::json_key, .key = "id"};  // of its WebSockets
  attach({.sockets = 64, .shards = {shard}});
  Pair pair;
  clients_.run([&] { pair = connect_pair(listener_, server()); });

  auto serving = std::async(std::launch::async, [&] { return serve(pair.server); });
  std::counting_semaphore<unanswered> window(unanswered);
  std::jthread sending([&] {
    Dice dice(GetParam().seed);
    std::string bytes;
    for (int i = 0; i < requests; ++i) {
      window.acquire();
      bytes = random_request(dice);
      // Cut anywhere: most holes then lie in a head.
      const std::size_t cut = dice.below(bytes.size());
      send_all(pair.client, std::string_view(bytes).substr(0, cut));
      send_all(pair.client, std::string_view(bytes).substr(cut));
    }
  });
  asio::io_context io;
  auto stream = stream_over(io, pair.client);
  boost::beast::flat_buffer buffer;
  for (int i = 0; i < requests; ++i) {
    http::response<http::string_body> answer;
    http::read(stream, buffer, answer);
    window.release();
  }
  const auto served = serving.get();
  expect_faults();
  EXPECT_EQ(flow(pair.server).exchanges.accepted, static_cast<std::uint64_t>(served.accepted));
  EXPECT_EQ(flow(pair.server).exchanges.answered, served.all);
}

INSTANTIATE_TEST_SUITE_P(Networks, PublishIngressTest,
                         testing::Values(Faults{.cpus = 2}, bad(1, 1), bad(2, 1), bad(3, 2),
                                         bad(4, 2)),
                         name_of);

}  // namespace
}  // namespace fanfare::test
