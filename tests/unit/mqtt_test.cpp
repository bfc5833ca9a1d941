// SPDX-License-Identifier: Apache-2.0
// MQTT over TCP in step: every packet of both versions, in any pieces, re-deliveries, holes, what
// is not MQTT. How it is found in mid-stream is in mqtt_search_test.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/mqtt.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

using Messages = std::array<std::uint64_t, FANFARE_CLASS_COUNT>;

struct Way {
  unsigned flags;
  std::string bytes;
  Messages expected;  // event, heartbeat, control, other
};

// Every packet that each side may send.
Way from_client(unsigned level) {
  const std::optional<std::string> none =
      level >= 5 ? std::optional<std::string>("") : std::nullopt;
  std::string bytes = mqtt_connect(level);
  for (unsigned qos = 0; qos < 3; ++qos)
    bytes += publish({.payload = "hello", .qos = qos, .properties = none});
  bytes += publish({.payload = "again", .qos = 1, .dup = true, .properties = none});
  for (const unsigned first : {0x40U, 0x50U, 0x62U, 0x70U}) bytes += mqtt_packet(first, "\1\2");
  bytes += mqtt_packet(0x82, "\1\2" + mqtt_text("a/#") + '\1') +
           mqtt_packet(0xa2, "\1\2" + mqtt_text("a/#")) + pingreq;
  if (level >= 5) bytes += mqtt_packet(0xf0, "\x18");
  return {FANFARE_MASKED, bytes + mqtt_packet(0xe0), {3, 1, level >= 5 ? 9U : 8U, 1}};
}

Way from_server(unsigned level) {
  std::string bytes = mqtt_connack(level);
  for (unsigned qos = 0; qos < 3; ++qos)
    bytes += publish({.payload = std::string(std::size_t{9000} * qos, 'x'), .qos = qos});
  bytes += publish({.payload = "again", .qos = 2, .dup = true});
  for (const unsigned first : {0x40U, 0x50U, 0x62U, 0x70U}) bytes += mqtt_packet(first, "\1\2");
  bytes += mqtt_packet(0x90, "\1\2\1") + mqtt_packet(0xb0, "\1\2") + pingresp + pingresp;
  if (level >= 5) bytes += mqtt_packet(0xf0) + mqtt_packet(0xe0, "\x8b");
  return {0, bytes, {3, 2, level >= 5 ? 9U : 7U, 1}};
}

std::vector<Way> ways() { return {from_client(4), from_client(5), from_server(4), from_server(5)}; }

TEST(Mqtt, EveryPacketHasItsClass) {
  for (const auto& [flags, bytes, expected] : ways()) {
    Feeder feeder(packets(flags));
    feeder.segment(bytes);
    EXPECT_EQ(class_counts(feeder.direction()).messages, expected);
    EXPECT_EQ(feeder.direction().tally.frames,
              expected[0] + expected[1] + expected[2] + expected[3]);
    EXPECT_EQ(feeder.lost_in_all(), 0U);
  }
}

TEST(Mqtt, ASecondDecoderSaysTheSame) {
  for (const auto& [flags, bytes, expected] : ways()) {
    Feeder feeder(packets(flags));
    feeder.segment(bytes);
    const MqttDecoder decoder(bytes, flags);
    EXPECT_TRUE(decoder.is_legal());
    EXPECT_EQ(class_counts(feeder.direction()), decoder.counted());
  }
}

TEST(Mqtt, AnyPiecesGiveTheSame) {
  for (const auto& [flags, bytes, expected] : ways()) {
    Feeder whole(packets(flags));
    whole.segment(bytes);
    Feeder bytewise(packets(flags));
    bytewise.bytewise(bytes);
    EXPECT_EQ(class_counts(bytewise.direction()), class_counts(whole.direction()));
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      Feeder pieces(packets(flags));
      pieces.random_pieces(bytes, seed % 2 ? 9 : 900, seed);
      EXPECT_EQ(class_counts(pieces.direction()), class_counts(whole.direction())) << seed;
      EXPECT_EQ(pieces.lost_in_all(), 0U);
    }
  }
}

TEST(Mqtt, LengthsOfOneToFourBytes) {
  for (const std::size_t size : {0, 119, 120, 16375, 16376, 2097143, 2097144}) {
    const auto bytes = mqtt_connack(4) + publish({.payload = std::string(size, 'x')});
    Feeder feeder(packets());
    feeder.segment(bytes);
    feeder.segment(pingresp);
    const ClassCounts expected{{1, 1, 1, 0}, {size + 8, 0, 2, 0}};
    EXPECT_EQ(class_counts(feeder.direction()), expected) << size;
  }
}

TEST(Mqtt, APacketCountsWithItsLastByte) {
  const auto bytes = publish({.payload = "hello"});
  Feeder feeder(packets());
  feeder.segment(mqtt_connack(4) + bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(feeder.counted().events, 0U);
  feeder.segment(bytes.substr(bytes.size() - 1));
  EXPECT_EQ(feeder.counted().events, 1U);
}

TEST(Mqtt, AHoleInsideOfAPayloadIsHarmlessOneOverAHeaderIsNamed) {
  const auto bytes = publish({.payload = std::string(300, 'x')});
  for (const std::uint32_t hole : {200U, 299U}) {
    Feeder feeder(packets());
    feeder.segment(mqtt_connack(4) + bytes.substr(0, 100));
    feeder.hole(hole);
    const std::string rest = bytes.substr(std::min(bytes.size(), std::size_t{100} + hole));
    feeder.segment(rest + pingresp);
    const bool harmless = hole == 200;
    EXPECT_EQ(feeder.lost(FANFARE_LOSS_EGRESS_HOLE), harmless ? 0U : 1U) << hole;
    EXPECT_EQ(feeder.stage(), harmless ? FANFARE_STAGE_PACKETS : FANFARE_STAGE_PACKET_SEARCH);
    EXPECT_EQ(feeder.counted().events, harmless ? 1U : 0U);
  }
}

struct Illegal {
  const char* why;
  std::string bytes;  // behind the handshake of 3.1.1
};

TEST(Mqtt, WhatMqttDoesNotHaveIsNamed) {
  const Illegal illegal[] = {
      {"type 0", std::string(2, '\0')},
      {"CONNECT from a server", mqtt_packet(0x10, std::string(12, 'x'))},
      {"SUBSCRIBE from a server", mqtt_packet(0x82, std::string(12, 'x'))},
      {"PINGREQ from a server", pingreq},
      {"QoS 3", mqtt_packet(0x36, mqtt_text("a") + "\1\1")},
      {"PUBREL without its flag", mqtt_packet(0x60, "\1\2")},
      {"PUBACK with a flag", mqtt_packet(0x42, "\1\2")},
      {"PINGRESP with a byte", mqtt_packet(0xd0, "x")},
      {"PUBACK without identifier", mqtt_packet(0x40, "x")},
      {"a length of five bytes", "\x30\xff\xff\xff\xff\x01"},
      {"AUTH in 3.1.1", mqtt_packet(0xf0)},
  };
  for (const auto& [why, bytes] : illegal) {
    Feeder feeder(packets());
    feeder.segment(mqtt_connack(4));
    feeder.segment(bytes);
    EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U) << why;
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKET_SEARCH) << why;
    EXPECT_EQ(feeder.direction().tally.frames, 1U) << why;
  }
}

TEST(Mqtt, AConnectionBeginsWithItsHandshake) {
  const std::string tls("\x16\x03\x01\x02\x00\x01", 6);
  for (const auto& bytes : {pingreq, publish({.payload = "x"}), tls,
                            mqtt_packet(0x10, mqtt_text("HTTP") + std::string(9, '\4'))}) {
    Feeder client(packets(FANFARE_MASKED));
    client.segment(bytes);
    EXPECT_EQ(client.lost(FANFARE_LOSS_BAD_FRAME), 1U) << testing::PrintToString(bytes);
    EXPECT_EQ(client.direction().tally.frames, 0U);
  }
  Feeder old(packets(FANFARE_MASKED));
  old.segment(mqtt_packet(0x10, mqtt_text("MQIsdp") + std::string("\x03\x02\0\x3c", 4) +
                                    mqtt_text("client")) +
              pingreq);
  EXPECT_EQ(class_counts(old.direction()).messages, (Messages{0, 1, 1, 0}));
  Feeder server(packets());
  server.segment(pingresp);
  EXPECT_EQ(server.lost(FANFARE_LOSS_BAD_FRAME), 1U);
}

TEST(Mqtt, MorePacketsThanOneRunMayWalkAreNamed) {
  std::string bytes = mqtt_connack(4);
  for (int i = 0; i < 20; ++i) bytes += pingresp;
  Feeder feeder(packets(), {.frames = 10, .search = 10, .rpc = 10});
  feeder.segment(bytes);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_FRAME_BUDGET), 1U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKET_SEARCH);
  EXPECT_EQ(feeder.direction().tally.frames, 10U);
}

}  // namespace
}  // namespace fanfare::test
