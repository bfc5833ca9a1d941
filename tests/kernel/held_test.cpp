// SPDX-License-Identifier: Apache-2.0
// What is held past a hole is given back, however its connection ends; where no more can be held
// the loss has its name.
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "tests/kernel/kernel_test.h"
#include "tests/support/mqtt.h"
#include "tests/support/netns.h"
#include "tests/support/relay.h"

namespace fanfare::test {
namespace {

constexpr int patience_ms = 20000;  // what must come comes long before

constexpr std::string_view vanishes = "this never arrives";

std::string inbound(std::string_view payload) {
  return wire({.opcode = text, .payload = payload, .masked = true, .key = {"\0\0\0\0", 4}});
}

class HeldTest : public KernelTest {
 protected:
  virtual Knobs knobs() { return {.sockets = 1024}; }

  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    if (!can_relay()) GTEST_SKIP() << no_relay;
    relay_.emplace(servers_, clients_, Faults{});
    relay_->lose_packets_with(vanishes);
    servers_.run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    attach(knobs());
  }

  Pair chat() {
    Pair pair;
    clients_.run([&] { pair = upgraded_pair(listener_, {"10.99.0.1", port_of(listener_)}); });
    return pair;
  }

  std::uint64_t held(const std::string& map) {
    for (const MapFill& fill : read().maps)
      if (fill.map == map) return fill.entries;
    ADD_FAILURE() << "no map " << map;
    return 0;
  }
  void wait_until_held(const std::string& map, std::uint64_t count) {
    for (int waited_ms = 0; waited_ms < patience_ms && held(map) != count; waited_ms += 5)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(held(map), count) << map;
  }

  // One message that vanishes, and one past it.
  static void make_hole(const Pair& pair) {
    send_all(pair.client, inbound(vanishes));
    send_all(pair.client, inbound("past the hole"));
  }

  void wait_until_lost(std::uint64_t holes) {
    for (int waited_ms = 0; waited_ms < patience_ms && loss(FANFARE_LOSS_INGRESS_HOLE) < holes;
         waited_ms += 5)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    expect_loss(FANFARE_LOSS_INGRESS_HOLE, holes);
  }

  // Its direction is out of step, and its hole is filled: after a silence it is found again.
  void expect_found_again(const Pair& pair) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(2 * FANFARE_QUIET_NS));
    for (int i = 0; i < 20; ++i) {
      send_all(pair.client, inbound("found again"));
      receive(pair.server, inbound("found again").size());
    }
    EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 20U);
    EXPECT_EQ(flow(pair.server).in.probation, 0U);
  }

  Netns servers_, clients_;
  std::optional<Relay> relay_;
  Fd listener_;
};

TEST_F(HeldTest, a_thousand_connections_that_die_with_a_hole) {
  for (std::size_t round = 0; round < 10; ++round) {
    std::vector<Pair> pairs;
    for (int i = 0; i < 100; ++i) pairs.push_back(chat());
    for (const auto& pair : pairs) make_hole(pair);
    wait_until_held("held_streams", pairs.size());
    EXPECT_GE(held("held_pages"), pairs.size());  // a second one where they lie over a border
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      Pair& pair = pairs[i];
      if (i % 3 == 0) close_by_reset(std::move(pair.client));
      if (i % 3 == 1) close_by_reset(std::move(pair.server));
      if (i % 3 == 2)
        ::shutdown(pair.client.get(), SHUT_WR), close_by_reset(std::move(pair.server));
    }
    pairs.clear();
    wait_until_held("held_streams", 0);
    EXPECT_EQ(held("held_pages"), 0U);
  }
}

TEST_F(HeldTest, holes_are_filled_late) {
  const Pair pair = chat();
  make_hole(pair);
  wait_until_held("held_streams", 1);
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 0U);
  relay_->heal();
  receive(pair.server, inbound(vanishes).size() + inbound("past the hole").size());
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 2U);
  EXPECT_EQ(held("held_streams"), 0U);
  EXPECT_EQ(held("held_pages"), 0U);
}

TEST_F(HeldTest, more_sockets_with_a_hole_than_streams) {
  constexpr std::uint64_t streams = 128, sockets = 200;
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < sockets; ++i) pairs.push_back(chat());
  for (const auto& pair : pairs) make_hole(pair);
  wait_until_held("held_streams", streams);
  wait_until_lost(sockets - streams);
  for (auto& pair : pairs) close_by_reset(std::move(pair.client));
  wait_until_held("held_streams", 0);
  EXPECT_EQ(held("held_pages"), 0U);
}

// Holes of one socket with a few bytes between them: so many pieces can be kept apart.
class PiecesTest : public HeldTest {
 protected:
  static constexpr std::size_t pieces = 128;

  Pair chat_with_holes(std::size_t holes) {
    // All leave at once, each message in a segment of its own.
    clients_.shell(
        "sysctl -qw net.ipv4.tcp_autocorking=0; "
        "ip route replace 10.99.0.0/24 dev tun0 src 10.99.0.2 initcwnd 1000");
    Pair pair = chat();
    relay_->stop();
    for (std::size_t i = 0; i < holes; ++i) make_hole(pair);
    relay_->go_on();
    for (int waited_ms = 0; waited_ms < patience_ms && relay_->dropped() < holes; ++waited_ms)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return pair;
  }

  void heal(const Pair& pair, std::size_t holes) {
    relay_->heal();
    receive(pair.server, holes * (inbound(vanishes).size() + inbound("past the hole").size()));
  }
};

TEST_F(PiecesTest, as_many_as_can_be_kept_apart) {
  const Pair pair = chat_with_holes(pieces);
  wait_until_held("held_streams", 1);
  heal(pair, pieces);
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 2 * pieces);
  EXPECT_EQ(held("held_streams"), 0U);
}

TEST_F(PiecesTest, one_more_than_can_be_kept_apart) {
  const Pair pair = chat_with_holes(pieces + 1);
  wait_until_lost(1);
  EXPECT_EQ(held("held_streams"), 0U);
  heal(pair, pieces + 1);
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 0U);
  expect_found_again(pair);
  EXPECT_EQ(held("held_pages"), 0U);
}

// Holes that nobody fills while their sockets stay open, and handshakes that are never complete.
class AgedTest : public HeldTest {
 protected:
  static constexpr std::chrono::milliseconds age{5000};
  static constexpr std::uint64_t streams = 128;

  Knobs knobs() override {
    servers_.run([&] { broker_ = listen_on({.ip = "10.99.0.1"}); });
    ShardKnobs mqtt{.identity = {}};
    mqtt.protocol = ClientProtocol::mqtt;
    mqtt.protocol_ports = {port_of(broker_)};
    return {.sockets = 1024, .held_at_most = age, .shards = {mqtt}};
  }

  std::vector<Pair> chats_with_a_hole() {
    std::vector<Pair> pairs;
    for (std::uint64_t i = 0; i < streams; ++i) pairs.push_back(chat());
    for (const auto& pair : pairs) make_hole(pair);
    return pairs;
  }

  Fd broker_;
};

TEST_F(AgedTest, holes_that_nobody_fills_give_way) {
  const auto first = chats_with_a_hole();
  wait_until_held("held_streams", streams);
  EXPECT_EQ(loss(FANFARE_LOSS_INGRESS_HOLE), 0U);
  std::this_thread::sleep_for(age);
  EXPECT_EQ(held("held_streams"), streams) << "nobody needs the room";
  const auto second = chats_with_a_hole();
  wait_until_lost(streams);
  wait_until_held("held_streams", streams);
  relay_->heal();
  const auto both = inbound(vanishes).size() + inbound("past the hole").size();
  for (const auto& pair : first) receive(pair.server, both);
  for (const auto& pair : second) {
    receive(pair.server, both);
    EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 2U);
  }
  expect_found_again(first.front());
  EXPECT_EQ(held("held_streams"), 0U);
  EXPECT_EQ(held("held_pages"), 0U);
}

TEST_F(AgedTest, handshakes_that_are_never_complete_give_way) {
  // The clients' bare ACKs are lost; then their payload finds a queue in which one has room.
  servers_.shell(
      "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
      "add rule inet t in tcp flags == ack meta length <= 60 drop'");
  std::vector<Fd> clients;
  for (int i = 0; i < 8; ++i)
    clients_.run([&] { clients.push_back(connect_to({"10.99.0.1", port_of(broker_)})); });
  ASSERT_EQ(::listen(broker_.get(), 0), 0);
  for (const auto& client : clients) send_all(client, mqtt_connect(4));
  for (int waited_ms = 0; waited_ms < patience_ms && held("held_streams") < 2; ++waited_ms)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GE(held("held_streams"), 2U) << "the test provoked nothing";
  for (auto& client : clients) close_by_reset(std::move(client));
  servers_.shell("nft delete table inet t");
  std::this_thread::sleep_for(age / 6);
  const auto pairs = chats_with_a_hole();
  wait_until_held("held_streams", streams);
  EXPECT_EQ(loss(FANFARE_LOSS_INGRESS_HOLE), 0U);
}

}  // namespace
}  // namespace fanfare::test
