// SPDX-License-Identifier: Apache-2.0
// MQTT inside of WebSocket (events: mqtt): packets that share a message, or go over several of
// them; what is done where reading begins in mid-stream.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/classes.h"
#include "tests/support/mqtt.h"

namespace fanfare::test {
namespace {

using Messages = std::array<std::uint64_t, FANFARE_CLASS_COUNT>;

const Telling mqtt(Subprotocol::mqtt);

Teller told(const std::vector<std::string>& messages, unsigned flags = 0) {
  Teller teller(mqtt, flags);
  for (const auto& message : messages)
    teller.segment(
        wire({.opcode = binary, .payload = message, .masked = (flags & FANFARE_MASKED) != 0}));
  EXPECT_EQ(teller.losses(), 0U);
  return teller;
}

const std::string event = publish({.payload = "hello"});
const std::string again = publish({.payload = "hello", .qos = 1, .dup = true});
const std::string puback = mqtt_packet(0x40, "\1\2");

TEST(MqttInWebSocket, SeveralInAMessageEachHasItsClass) {
  EXPECT_EQ(told({mqtt_connack(4), event + event + again + puback + pingresp}).counted().messages,
            (Messages{2, 1, 2, 1}));
  EXPECT_EQ(told({mqtt_connect(5) + pingreq, event}, FANFARE_MASKED).counted().messages,
            (Messages{1, 1, 1, 0}));
}

TEST(MqttInWebSocket, OneMayGoOverSeveralCutAnywhere) {
  const auto large = publish({.payload = std::string(300, 'x'), .qos = 1});
  for (std::size_t cut = 1; cut < large.size(); ++cut) {
    const auto teller = told({mqtt_connack(4), large.substr(0, cut), large.substr(cut) + pingresp});
    EXPECT_EQ(teller.counted().messages, (Messages{1, 1, 1, 0})) << cut;
    EXPECT_EQ(teller.unread(), 0U) << cut;
  }
}

// As MQTT.js does it.
TEST(MqttInWebSocket, AMessageForEveryByteFromTheHandshakeOn) {
  std::vector<std::string> messages;
  for (const auto& packet : {mqtt_connect(5), event, pingreq, again})
    for (const char byte : packet) messages.emplace_back(1, byte);
  const auto teller = told(messages, FANFARE_MASKED);
  EXPECT_EQ(teller.counted().messages, (Messages{1, 1, 1, 1}));
  EXPECT_EQ(teller.unread(), 0U);
}

TEST(MqttInWebSocket, AnyPiecesGiveTheSame) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Dice dice(seed);
    std::string stream = mqtt_connack(4);
    for (int i = 0; i < 30; ++i)
      stream += dice.one_in(3) ? pingresp : publish({.payload = std::string(dice.below(400), 'x')});
    const auto expected = MqttDecoder(stream, false).counted().messages;
    std::vector<std::string> messages;
    for (std::size_t at = 0, size; at < stream.size(); at += size)
      messages.push_back(stream.substr(at, size = dice.between(1, 300)));
    EXPECT_EQ(told(messages).counted().messages, expected) << seed;
    Teller bytewise(mqtt);
    std::string frames;
    for (const auto& message : messages) frames += wire({.opcode = binary, .payload = message});
    bytewise.pieces(frames, 1, seed);
    EXPECT_EQ(bytewise.counted().messages, expected) << seed;
  }
}

TEST(MqttInWebSocket, WhatIsNotMqttIsNamedAndReadingGoesOn) {
  const auto teller = told({mqtt_connack(4), "hello", event, event});
  EXPECT_EQ(teller.counted().messages, (Messages{2, 0, 1, 1}));
  EXPECT_EQ(teller.unread(), 1U);
}

// Begun in the midst of a packet, whose bytes claim a length of 200 MB.
TEST(MqttInWebSocket, AFalseLengthDoesNotSwallowTheStream) {
  const auto teller = told({"\x30\xff\xff\xff\x5f" + std::string(50, 'x'), event, event, event});
  EXPECT_EQ(teller.counted().messages, (Messages{3, 0, 0, 1}));
  EXPECT_EQ(teller.unread(), 1U);
  EXPECT_EQ(told({" \xff\xff\xff\x5f" + std::string(50, 'x'), event}).counted().messages,
            (Messages{1, 0, 0, 1}))
      << "nor does what looks like a handshake";
}

TEST(MqttInWebSocket, OnceWholePacketsHavePassedTheyMayGoOverSeveral) {
  const auto teller = told({"hello", event, event.substr(0, 5), event.substr(5)});
  EXPECT_EQ(teller.counted().messages, (Messages{2, 0, 0, 1}));
}

}  // namespace
}  // namespace fanfare::test
