// SPDX-License-Identifier: Apache-2.0
// Payload that clients send with the handshake, and what a server answers before it is complete:
// all of it is counted from its first byte on.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <thread>

#include "tests/kernel/replication_fixture.h"
#include "tests/support/mqtt.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

// How its clients talk, and what is counted of it.
struct Spoken {
  const char* name;
  ShardKnobs shard;
  std::string first, answer, more, end;  // of the client, the server, the client, the server
  std::uint64_t (*counted)(const fanfare_flow&);
  std::uint64_t of_first, of_all;  // what is counted once answered
};

void PrintTo(const Spoken& spoken, std::ostream* out) { *out << spoken.name; }

std::uint64_t messages_in(const fanfare_flow& flow) {
  std::uint64_t sum = 0;
  for (const auto& tally : flow.in.tally.by_class) sum += tally.messages;
  return sum;
}
std::uint64_t accepted(const fanfare_flow& flow) { return flow.exchanges.accepted; }
std::uint64_t events_both_ways(const fanfare_flow& flow) {
  return flow.out.tally.by_class[FANFARE_EVENT].messages +
         flow.in.tally.by_class[FANFARE_EVENT].messages;
}

const std::string post = "POST /api/send HTTP/1.1\r\nHost: chat\r\nContent-Length: 5\r\n\r\nhello";
const std::string created = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";

class ClientHandshakeTest : public KernelTest, public testing::WithParamInterface<Spoken> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    connect_netns(servers_, clients_);
    servers_.run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    ShardKnobs shard = GetParam().shard;
    if (shard != ShardKnobs{}) shard.protocol_ports = {port_of(listener_)};
    attach({.sockets = 1024, .shards = {shard}});
  }

  Fd dialled() {
    Fd client;
    clients_.run([&] { client = connect_to({"10.99.0.1", port_of(listener_)}); });
    set_option(client, IPPROTO_TCP, TCP_NODELAY, 1);
    return client;
  }

  // With its SYN `first` is sent.
  Fd dialled_fast(const std::string& first) {
    Fd client;
    clients_.run([&] {
      client = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in server{};
      server.sin_family = AF_INET;
      server.sin_port = htons(port_of(listener_));
      server.sin_addr.s_addr = htonl(0x0a630001);
      ASSERT_EQ(::sendto(client.get(), first.data(), first.size(), MSG_FASTOPEN,
                         reinterpret_cast<const sockaddr*>(&server), sizeof server),
                static_cast<ssize_t>(first.size()));
    });
    return client;
  }
  void allow_fast_open() {
    const std::string without_cookie = "sysctl -qw net.ipv4.tcp_fastopen=519";
    servers_.shell(without_cookie);
    clients_.shell(without_cookie);
    set_option(listener_, IPPROTO_TCP, TCP_FASTOPEN, 16);
  }
  // Bare ACKs, from the first on; so the handshake is complete with the first payload behind it.
  void lose_acks(int count) {
    servers_.shell(
        "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
        "add rule inet t in tcp flags == ack meta length <= 60 numgen inc mod 100000 < " +
        std::to_string(count) + " drop'");
  }

  void expect_counted_in_time(const Fd& server, std::uint64_t due) {
    for (int waited_ms = 0; waited_ms < 20000 && GetParam().counted(flow(server)) != due;
         ++waited_ms)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(GetParam().counted(flow(server)), due);
  }

  // The client has sent `first` with its handshake.
  void expect_all_counted(Fd client) {
    const Spoken& spoken = GetParam();
    Pair pair{accept_from(listener_), std::move(client)};
    expect_same_bytes(receive(pair.server, spoken.first.size()), spoken.first);
    send_all(pair.server, spoken.answer);
    receive(pair.client, spoken.answer.size());
    expect_counted_in_time(pair.server, spoken.of_first);  // with the ACK of the answer at last
    send_all(pair.client, spoken.more);
    receive(pair.server, spoken.more.size());
    send_all(pair.server, spoken.end);
    receive(pair.client, spoken.end.size());
    expect_counted_in_time(pair.server, spoken.of_all);
  }

  Netns servers_, clients_;
  Fd listener_;
};

TEST_P(ClientHandshakeTest, defer_accept) {
  set_option(listener_, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
  for (int i = 0; i < 100 && !HasFailure(); ++i) {
    Fd client = dialled();
    send_all(client, GetParam().first);
    expect_all_counted(std::move(client));
  }
}

TEST_P(ClientHandshakeTest, last_ack_of_the_handshake_is_lost) {
  lose_acks(1);
  Fd client = dialled();
  send_all(client, GetParam().first);
  expect_all_counted(std::move(client));
}

TEST_P(ClientHandshakeTest, fast_open) {
  allow_fast_open();
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    Fd client = dialled_fast(GetParam().first);
    tcp_info info{};
    socklen_t size = sizeof info;
    ::getsockopt(client.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    EXPECT_TRUE(info.tcpi_options & TCPI_OPT_SYN_DATA) << "the test provoked nothing";
    expect_all_counted(std::move(client));
  }
}

TEST_P(ClientHandshakeTest, fast_open_answered_before_the_handshake_is_complete) {
  allow_fast_open();
  lose_acks(20);
  const Spoken& spoken = GetParam();
  Pair pair;
  pair.client = dialled_fast(spoken.first);
  pair.server = accept_from(listener_);
  set_option(pair.server, IPPROTO_TCP, TCP_NODELAY, 1);
  expect_same_bytes(receive(pair.server, spoken.first.size()), spoken.first);
  tcp_info info{};
  socklen_t size = sizeof info;
  ::getsockopt(pair.server.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
  EXPECT_EQ(info.tcpi_state, TCP_SYN_RECV) << "the test provoked nothing";
  send_all(pair.server, spoken.answer);
  receive(pair.client, spoken.answer.size());
  const auto early = flow(cookie_of(pair.server));
  EXPECT_NE(early.opened_ns, 0U) << "followed from its first byte";
  EXPECT_EQ(fanfare_bytes_passed(&early.out), spoken.answer.size());
  send_all(pair.client, spoken.more);
  receive(pair.server, spoken.more.size());
  send_all(pair.server, spoken.end);
  receive(pair.client, spoken.end.size());
  expect_counted_in_time(pair.server, spoken.of_all);
  EXPECT_EQ(read().cookies.size(), 1U) << "one record";
}

std::vector<Spoken> all_spoken() {
  ShardKnobs mqtt, publishes;
  mqtt.protocol = ClientProtocol::mqtt;
  publishes.publishes = {{fanfare::Publish::Method::post, "/api/send"}};
  const std::string upgrade = "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
  return {{.name = "mqtt",
           .shard = mqtt,
           .first = mqtt_connect(4) + publish({.payload = "hello", .qos = 1}),
           .answer = mqtt_connack(4),
           .more = publish({.payload = "again", .qos = 1}) + pingreq,
           .end = pingresp,
           .counted = messages_in,
           .of_first = 2,
           .of_all = 4},
          {.name = "publishes",
           .shard = publishes,
           .first = post,
           .answer = created,
           .more = post,
           .end = created,
           .counted = accepted,
           .of_first = 1,
           .of_all = 2},
          {.name = "websocket",
           .shard = {},
           .first = upgrade,
           .answer = upgrade_head() + wire({text, "hello"}),
           .more = wire({text, "hello", true, 0, true}),
           .end = wire({text, "again"}),
           .counted = events_both_ways,
           .of_first = 1,
           .of_all = 3}};
}

INSTANTIATE_TEST_SUITE_P(Spoken, ClientHandshakeTest, testing::ValuesIn(all_spoken()),
                         [](const auto& tested) { return tested.param.name; });

// The same of replication.
class HandshakeTest : public ReplicationTest {
 protected:
  void SetUp() override {
    ReplicationTest::SetUp();
    if (IsSkipped()) return;
    connect_netns(servers_, clients_);
    servers_.run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    attach(knobs());
  }

  Fd dialled() {
    Fd client;
    clients_.run([&] { client = connect_to({"10.99.0.1", port()}); });
    set_option(client, IPPROTO_TCP, TCP_NODELAY, 1);
    return client;
  }

  // The client has sent `first` with its handshake; the rest follows.
  void expect_all_counted(Fd client, const std::string& first) {
    Pair pair{accept_from(listener_), std::move(client)};
    expect_same_bytes(receive(pair.server, first.size()), first);
    const std::string answer = append_answer(9);
    send_all(pair.server, answer);  // its ACK brings no payload
    receive(pair.client, answer.size());
    for (int waited_ms = 0; waited_ms < 20000 && !flow(pair.server).in.tally.frames; ++waited_ms)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(rpcs(flow(pair.server).in), read_requests(first));
    const std::string more = append_request(log_entries(20, 3));
    request(pair, more);
    EXPECT_EQ(rpcs(flow(pair.server).in), read_requests(first + more));
    EXPECT_EQ(rpcs(flow(pair.client).out), read_requests(first + more));
  }

  Netns servers_, clients_;
  const std::string first_ = append_request(log_entries(2, 4));
};

TEST_F(HandshakeTest, defer_accept) {
  set_option(listener_, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
  for (int i = 0; i < 100; ++i) {
    Fd client = dialled();
    send_all(client, first_);
    expect_all_counted(std::move(client), first_);
  }
}

TEST_F(HandshakeTest, last_ack_of_the_handshake_is_lost) {
  // The first bare ACK; what follows has payload, or comes from a client that was answered.
  servers_.shell(
      "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
      "add rule inet t in tcp flags == ack meta length <= 60 numgen inc mod 1000 == 0 drop'");
  Fd client = dialled();
  send_all(client, first_);
  expect_all_counted(std::move(client), first_);
}

TEST_F(HandshakeTest, fast_open) {
  const std::string without_cookie = "sysctl -qw net.ipv4.tcp_fastopen=519";
  servers_.shell(without_cookie);
  clients_.shell(without_cookie);
  set_option(listener_, IPPROTO_TCP, TCP_FASTOPEN, 16);
  for (int i = 0; i < 20; ++i) {
    Fd client;
    clients_.run([&] {
      client = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in server{};
      server.sin_family = AF_INET;
      server.sin_port = htons(port());
      server.sin_addr.s_addr = htonl(0x0a630001);
      ASSERT_EQ(::sendto(client.get(), first_.data(), first_.size(), MSG_FASTOPEN,
                         reinterpret_cast<const sockaddr*>(&server), sizeof server),
                static_cast<ssize_t>(first_.size()));
    });
    Pair pair{accept_from(listener_), std::move(client)};
    expect_same_bytes(receive(pair.server, first_.size()), first_);
    const std::string more = append_request(log_entries(20, 3));
    request(pair, more);
    EXPECT_EQ(rpcs(flow(pair.server).in), read_requests(first_ + more));
    tcp_info info{};
    socklen_t size = sizeof info;
    ::getsockopt(pair.client.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    EXPECT_TRUE(info.tcpi_options & TCPI_OPT_SYN_DATA) << "the test provoked nothing";
  }
}

}  // namespace
}  // namespace fanfare::test
