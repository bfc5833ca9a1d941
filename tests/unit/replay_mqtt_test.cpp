// SPDX-License-Identifier: Apache-2.0
// MQTT in captures: counted on the ports that the configuration names, from the handshake on or
// from where it is found; and how what was counted is shown.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/mqtt.h"
#include "tests/support/replayed.h"

namespace fanfare {
namespace {

namespace json = boost::json;
using namespace test;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t millisecond = 1000000;

Config mqtt_on(std::uint16_t port, Identity identity = {}) {
  Config config;
  config.shards = {{.name = "room",
                    .match = {.listen_ports = {port}, .cgroup = {}, .exe = {}},
                    .identity = std::move(identity),
                    .protocol = ClientProtocol::mqtt}};
  return config;
}

// Three events out, one again; two in; a ping each way.
Talk conversation() {
  Talk talk(server_v4, client_v4, 0xfffffff0);
  talk.open().from_client(mqtt_connect(4)).from_server(mqtt_connack(4)).wait(100 * millisecond);
  talk.from_client(publish({.payload = "hello"}) + publish({.payload = "world", .qos = 1}));
  talk.from_server(mqtt_packet(0x40, mqtt_word(7)) + publish({.payload = std::string(3000, 'x')}));
  talk.wait(100 * millisecond).from_server(publish({.payload = "hello", .qos = 2}), 3);
  talk.from_server(publish({.payload = "hello"}) +
                   publish({.payload = "again", .qos = 1, .dup = true}));
  return talk.from_client(pingreq).from_server(pingresp);
}

json::value only_flow(const json::object& result) {
  const auto& flows = result.at("flows").as_array();
  EXPECT_THAT(flows, SizeIs(1));
  EXPECT_THAT(result.at("losses").as_object(), IsEmpty());
  return flows.empty() ? json::value(json::object{}) : flows[0];
}

void expect(const json::value& flow, const std::string& way, const ClassCounts& counts) {
  EXPECT_EQ(count_of(flow, "events_" + way), counts.messages[FANFARE_EVENT]);
  EXPECT_EQ(count_of(flow, "heartbeats_" + way), counts.messages[FANFARE_HEARTBEAT]);
  EXPECT_EQ(count_of(flow, "control_" + way), counts.messages[FANFARE_CONTROL]);
  EXPECT_EQ(count_of(flow, "other_" + way), counts.messages[FANFARE_OTHER]);
}

TEST(ReplayMqtt, CountsBothDirectionsByClass) {
  const auto flow =
      only_flow(replayed(pcap_file(conversation().packets()), mqtt_on(server_v4.port)));
  EXPECT_EQ(flow.at("protocol").as_string(), "mqtt");
  EXPECT_EQ(flow.at("state").as_string(), "synced");
  expect(flow, "out", {{3, 1, 2, 1}, {}});
  expect(flow, "in", {{2, 1, 1, 0}, {}});
}

// The capture lacks the last byte of the CONNECT, inside of a string that nobody reads.
TEST(ReplayMqtt, APacketThatIsCutIsSkippedToItsEnd) {
  Talk talk(server_v4, client_v4);
  talk.open().from_client(mqtt_connect(4));
  auto& cut = talk.packets().back();
  cut.wire = static_cast<std::uint32_t>(cut.bytes.size());
  cut.bytes.pop_back();
  talk.from_server(mqtt_connack(4) + publish({.payload = "hello"}));
  talk.from_client(publish({.payload = "hello"}));
  const auto flow = only_flow(replayed(pcap_file(talk.packets()), mqtt_on(server_v4.port)));
  EXPECT_EQ(flow.at("state").as_string(), "synced");
  expect(flow, "out", {{1, 0, 1, 0}, {}});
  expect(flow, "in", {{1, 0, 1, 0}, {}});
}

// Without the SYN, too: nobody need prove what begins with a CONNECT, or a CONNACK.
TEST(ReplayMqtt, AHandshakeThatComesFirstIsCountedAtOnce) {
  Talk talk(server_v4, client_v4);
  talk.from_client(mqtt_connect(4)).from_server(mqtt_connack(4));
  talk.from_server(publish({.payload = "hello"})).from_client(publish({.payload = "hello"}));
  const auto flow = only_flow(replayed(pcap_file(talk.packets()), mqtt_on(server_v4.port)));
  EXPECT_EQ(flow.at("state").as_string(), "synced");
  expect(flow, "out", {{1, 0, 1, 0}, {}});
  expect(flow, "in", {{1, 0, 1, 0}, {}});
}

// A port that the configuration names: what never gets further is a row all the same.
TEST(ReplayMqtt, WhatIsNotFoundIsUnsynced) {
  Talk talk(server_v4, client_v4);
  talk.from_client("\x16\x03\x01").from_server("\x16\x03\x03");
  const auto flow = only_flow(replayed(pcap_file(talk.packets()), mqtt_on(server_v4.port)));
  EXPECT_EQ(flow.at("protocol").as_string(), "mqtt");
  EXPECT_EQ(flow.at("state").as_string(), "unsynced");
}

TEST(ReplayMqtt, WithoutItsHandshakeAFlowIsCountedFromTheFirstQuietSegmentOn) {
  Talk talk(server_v4, client_v4);
  talk.from_client("ello").from_server("ello").wait(100 * millisecond);
  for (int i = 0; i < 12; ++i)
    talk.from_server(publish({.payload = "hello"})).from_client(publish({.payload = "hello"}));
  const auto flow = only_flow(replayed(pcap_file(talk.packets()), mqtt_on(server_v4.port)));
  EXPECT_EQ(flow.at("protocol").as_string(), "mqtt");
  expect(flow, "out", {{12, 0, 0, 0}, {}});
  expect(flow, "in", {{12, 0, 0, 0}, {}});
}

TEST(ReplayMqtt, OtherPortsAreNoFlows) {
  const auto result = replayed(pcap_file(conversation().packets()),
                               mqtt_on(static_cast<std::uint16_t>(server_v4.port + 1)));
  EXPECT_THAT(result.at("flows").as_array(), IsEmpty());
}

}  // namespace
}  // namespace fanfare
