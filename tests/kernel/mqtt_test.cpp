// SPDX-License-Identifier: Apache-2.0
// MQTT over TCP with the real programs: each packet in its class, both ways, on the ports that are
// configured and on no other; connections of any age; identities.
#include <string>
#include <thread>
#include <vector>

#include "tests/kernel/kernel_test.h"
#include "tests/support/mqtt.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

class MqttTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) listener_ = listen_on();
  }

  void start(const Identity& identity = {}) {
    const std::vector<std::uint16_t> ports{port_of(listener_)};
    attach({.sockets = 64,
            .shards = {{.identity = identity,
                        .client_ports = identity.kind == Identity::Kind::none
                                            ? std::vector<std::uint16_t>{}
                                            : ports,
                        .protocol = ClientProtocol::mqtt,
                        .protocol_ports = ports}}});
  }

  static void say(const Fd& from, const Fd& to, const std::string& bytes) {
    std::thread sending([&] { send_all(from, bytes); });
    expect_same_bytes(receive(to, bytes.size()), bytes);
    sending.join();
  }

  static Pair shake_hands(const Fd& listener, unsigned level) {
    Pair pair = connect_pair(listener);
    say(pair.client, pair.server, mqtt_connect(level));
    say(pair.server, pair.client, mqtt_connack(level));
    return pair;
  }

  // What both sides have said, each from its first byte on.
  void expect_counted(const Pair& pair, const std::string& out, const std::string& in) {
    const auto record = flow(pair.server);
    EXPECT_EQ(record.protocol, FANFARE_MQTT);
    EXPECT_EQ(record.out.stage, FANFARE_STAGE_PACKETS);
    EXPECT_EQ(record.in.stage, FANFARE_STAGE_PACKETS);
    EXPECT_EQ(class_counts(record.out), MqttDecoder(out, false).counted());
    EXPECT_EQ(class_counts(record.in), MqttDecoder(in, true).counted());
  }

  Fd listener_;
};

std::string publishes(unsigned level, bool from_client) {
  const std::optional<std::string> none =
      level >= 5 ? std::optional<std::string>("") : std::nullopt;
  std::string bytes;
  for (unsigned qos = 0; qos < 3; ++qos)
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{70000}})
      bytes += publish({.payload = std::string(size, 'x'), .qos = qos, .properties = none});
  bytes += publish({.payload = "again", .qos = 1, .dup = true, .properties = none});
  for (const unsigned first : {0x40U, 0x50U, 0x62U, 0x70U}) bytes += mqtt_packet(first, "\1\2");
  return bytes + (from_client ? pingreq + mqtt_packet(0x82, "\1\2" + mqtt_text("a") + '\1')
                              : pingresp + mqtt_packet(0x90, "\1\2\1"));
}

TEST_F(MqttTest, every_class_both_ways_in_any_segments) {
  start();
  for (const unsigned level : {4U, 5U}) {
    SCOPED_TRACE(level);
    const Pair pair = shake_hands(listener_, level);
    std::string out = mqtt_connack(level), in = mqtt_connect(level);
    for (int i = 0; i < 3; ++i) {
      const auto down = publishes(level, false), up = publishes(level, true);
      say(pair.server, pair.client, down);
      say(pair.client, pair.server, up);
      out += down;
      in += up;
    }
    const auto small = publish({.payload = "hello", .qos = 2}) + pingresp;
    for (std::size_t at = 0; at < small.size(); ++at)
      say(pair.server, pair.client, small.substr(at, 1));
    expect_counted(pair, out + small, in);
  }
}

// Older than the agent: unsynced until a segment after silence has proven where packets begin.
TEST_F(MqttTest, a_connection_older_than_the_agent) {
  const Pair pair = shake_hands(listener_, 4);
  start();
  EXPECT_EQ(flow(pair.server).out.stage, FANFARE_STAGE_PACKET_SEARCH);
  EXPECT_EQ(flow(pair.server).opened_ns, 0U);
  std::this_thread::sleep_for(80ms);
  say(pair.server, pair.client, pingresp + publish({.payload = "hello"}));
  say(pair.client, pair.server, publish({.payload = "hello"}));
  const auto record = flow(pair.server);
  EXPECT_EQ(record.out.stage, FANFARE_STAGE_PACKETS);
  EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, 1U);
  EXPECT_EQ(record.out.tally.by_class[FANFARE_HEARTBEAT].messages, 1U);
  EXPECT_EQ(record.in.tally.by_class[FANFARE_EVENT].messages, 1U);
}

// ... unless its first packets are still to come: those are its handshake, and nobody proves it.
TEST_F(MqttTest, a_connection_older_than_the_agent_that_shakes_hands_later) {
  for (const unsigned level : {4U, 5U}) {
    const Pair pair = connect_pair(listener_);
    start();
    EXPECT_EQ(flow(pair.server).out.stage, FANFARE_STAGE_PACKET_SEARCH);
    say(pair.client, pair.server, mqtt_connect(level) + publish({.payload = "hello"}));
    say(pair.server, pair.client, mqtt_connack(level) + publish({.payload = "hello"}));
    expect_counted(pair, mqtt_connack(level) + publish({.payload = "hello"}),
                   mqtt_connect(level) + publish({.payload = "hello"}));
    EXPECT_EQ(flow(pair.server).out.probation + flow(pair.server).in.probation, 0);
    source_.reset();
  }
  start();
}

// Without a silence it takes six packets that chain, from wherever the first segment began.
TEST_F(MqttTest, a_busy_connection_older_than_the_agent) {
  const Pair pair = shake_hands(listener_, 4);
  const auto one = publish({.payload = std::string(500, 'x'), .qos = 1});
  say(pair.server, pair.client, one.substr(0, 200));
  start();
  std::string rest = one.substr(200);
  for (int i = 0; i < 20; ++i) rest += one;
  say(pair.server, pair.client, rest);
  const auto record = flow(pair.server);
  EXPECT_EQ(record.out.stage, FANFARE_STAGE_PACKETS);
  EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, 14U);
  EXPECT_EQ(record.out.probation, 0U);
}

TEST_F(MqttTest, other_ports_are_read_as_ever) {
  start();
  const Fd other = listen_on();
  const Pair chat = upgraded_pair(other);
  send_messages(chat.server, 5, 30);
  EXPECT_EQ(events_out(chat.server), 5U);
  EXPECT_EQ(flow(chat.server).protocol, FANFARE_WEBSOCKET);
  const Pair mqtt = connect_pair(other);
  say(mqtt.client, mqtt.server, mqtt_connect(4));
  say(mqtt.server, mqtt.client, mqtt_connack(4) + publish({.payload = "x"}));
  const auto found = find_flow(cookie_of(mqtt.server));
  EXPECT_TRUE(!found || found->out.tally.frames == 0);
}

TEST_F(MqttTest, what_is_not_mqtt_is_named) {
  start();
  const Pair pair = connect_pair(listener_);
  say(pair.client, pair.server, std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(512, 'h'));
  say(pair.server, pair.client, std::string("\x16\x03\x03\x00\x7a\x02", 6) + std::string(100, 's'));
  EXPECT_EQ(flow(pair.server).out.stage, FANFARE_STAGE_PACKET_SEARCH);
  EXPECT_EQ(flow(pair.server).in.stage, FANFARE_STAGE_PACKET_SEARCH);
  EXPECT_EQ(flow(pair.server).out.tally.frames + flow(pair.server).in.tally.frames, 0U);
  expect_loss(FANFARE_LOSS_BAD_FRAME, 2);
}

// One event, published with QoS 2 and copied to three clients, each with a QoS of its own.
TEST_F(MqttTest, identities_tell_events_from_copies) {
  for (const auto& identity :
       {Identity{Identity::Kind::payload, {}}, Identity{Identity::Kind::json_key, "id"}}) {
    start(identity);
    std::vector<Pair> pairs;
    pairs.reserve(3);
    for (int i = 0; i < 3; ++i) pairs.push_back(shake_hands(listener_, i == 0 ? 5 : 4));
    const std::string event =
        R"({"type":"message.new","id":4711,"text":")" + std::string(200, 'x') + "\"}";
    say(pairs[0].client, pairs[0].server,
        publish({.payload = event, .qos = 2, .properties = "\x0b\x07"}));
    for (unsigned i = 0; i < 3; ++i)
      say(pairs[i].server, pairs[i].client,
          publish({.payload = event,
                   .qos = i,
                   .id = 90 + i,
                   .properties = i == 0 ? std::optional<std::string>("") : std::nullopt}));
    const auto reach = read().reach.at(0);
    EXPECT_EQ(reach.accepted, 1U);
    EXPECT_EQ(reach.reached, 1U);
    EXPECT_EQ(reach.copies, 2U);
    EXPECT_EQ(reach.own_copies, 1U);
    EXPECT_EQ(reach.unidentified, 0U);
    pairs.clear();
    source_.reset();
  }
  start();
}

}  // namespace
}  // namespace fanfare::test
