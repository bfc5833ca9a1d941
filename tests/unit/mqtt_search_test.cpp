// SPDX-License-Identifier: Apache-2.0
// MQTT over TCP entered in mid-stream: thousands of trials, each lock judged by the true borders of
// the packets; what a false one would take back; segments after silence.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/dice.h"
#include "tests/support/mqtt.h"
#include "tests/support/payloads.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

using Payload = std::function<std::string(Dice&)>;

// A conversation's one direction, and where its packets begin.
struct Conversation {
  std::string bytes;
  std::vector<std::size_t> borders;
};

std::string control_packet(Dice& dice, bool from_client) {
  const std::string id = mqtt_word(dice.between(1, 65535));
  switch (dice.below(5)) {
    case 0:
      return from_client ? pingreq : pingresp;
    case 1:
      return from_client ? mqtt_packet(0x82, id + mqtt_text("room/" + id + "/#") + '\1')
                         : mqtt_packet(0x90, id + '\1');
    case 2:
      return mqtt_packet(0x62, id);
    default:
      return mqtt_packet(0x40, id);
  }
}

Conversation conversation(const Payload& payload, Dice& dice, bool from_client) {
  Conversation made;
  const std::string topic = "room/" + std::to_string(dice.below(1000));
  for (int i = 0; i < 400; ++i) {
    made.borders.push_back(made.bytes.size());
    if (dice.one_in(5))
      made.bytes += control_packet(dice, from_client);
    else
      made.bytes += publish({.payload = payload(dice),
                             .topic = topic,
                             .qos = static_cast<unsigned>(dice.below(3)),
                             .id = static_cast<unsigned>(dice.between(1, 65535))});
  }
  return made;
}

struct Tried {
  std::uint64_t trials = 0, right = 0, wrong = 0, without = 0, broken = 0;
  std::vector<std::size_t> packets_until_lock;
};

// Enters at a random byte and walks packet by packet; the first lock is judged.
void enter(const Conversation& talk, Dice& dice, unsigned flags, Tried& tried) {
  const std::size_t from = dice.below(talk.borders[talk.borders.size() / 2]);
  const std::string_view bytes = std::string_view(talk.bytes).substr(from);
  fanfare_direction d = older_packets(flags);
  d.end = static_cast<std::uint32_t>(bytes.size());
  ++tried.trials;
  while (fanfare_packet_step(&d, word_of(bytes.substr(d.off))))
    if (d.stage == FANFARE_STAGE_PACKETS) break;
  if (d.stage != FANFARE_STAGE_PACKETS) {
    ++tried.without;
    return;
  }
  const std::size_t next = from + d.off + d.skip;
  const bool right = std::binary_search(talk.borders.begin(), talk.borders.end(), next);
  ++(right ? tried.right : tried.wrong);
  if (!right) return;
  const auto first = std::lower_bound(talk.borders.begin(), talk.borders.end(), from);
  const auto locked = std::lower_bound(talk.borders.begin(), talk.borders.end(), next);
  tried.packets_until_lock.push_back(static_cast<std::size_t>(locked - first));
  while (fanfare_packet_step(&d, word_of(bytes.substr(d.off)))) {
  }
  tried.broken += d.stage != FANFARE_STAGE_PACKETS;
}

Tried try_often(const Payload& payload, unsigned flags) {
  Tried tried;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Dice dice(seed);
    const Conversation talk = conversation(payload, dice, flags != 0);
    for (int i = 0; i < 50; ++i) enter(talk, dice, flags, tried);
  }
  std::sort(tried.packets_until_lock.begin(), tried.packets_until_lock.end());
  return tried;
}

std::string of_bytes(Dice& dice, std::string_view alphabet) {
  std::string text(dice.between(0, 700), ' ');
  for (char& c : text) c = alphabet[dice.below(alphabet.size())];
  return text;
}

TEST(MqttSearch, LocksAreRight) {
  using namespace std::string_view_literals;
  const std::pair<const char*, Payload> kinds[] = {
      {"JSON", ascii_json},
      {"JSON in many languages", multilingual_json},
      {"text in many languages", multilingual_text},
      {"random bytes", random_binary},
      {"small integers", small_integers},
      {"bytes of headers",
       [](Dice& dice) { return of_bytes(dice, "\x30\x32\x40\x02\0\4a\xd0"sv); }},
      {"16-bit sound", [](Dice& dice) { return of_bytes(dice, "\xd0\0\xc0\0"sv); }},
  };
  for (const auto& [name, payload] : kinds)
    for (const unsigned flags : {0U, unsigned{FANFARE_MASKED}}) {
      const Tried tried = try_often(payload, flags);
      std::cout << "  " << name << (flags ? " in: " : " out: ") << tried.trials << " trials, "
                << tried.right << " locks right, " << tried.wrong << " wrong, " << tried.without
                << " none; packets until lock median "
                << tried.packets_until_lock.at(tried.packets_until_lock.size() / 2) << ", p95 "
                << tried.packets_until_lock.at(tried.packets_until_lock.size() * 95 / 100) << "\n";
      EXPECT_EQ(tried.wrong, 0U) << name;
      EXPECT_EQ(tried.broken, 0U) << name;
      EXPECT_LE(tried.without, tried.trials / 100) << name;
    }
}

TEST(MqttSearch, AnyPiecesGiveTheSame) {
  Dice dice(3);
  const Conversation talk = conversation(random_binary, dice, false);
  const auto bytes = talk.bytes.substr(7);
  Feeder whole(older_packets(), boundless);
  whole.segment(bytes);
  EXPECT_GT(whole.counted().events, 200U);
  Feeder bytewise(older_packets(), boundless);
  bytewise.bytewise(bytes);
  EXPECT_EQ(class_counts(bytewise.direction()), class_counts(whole.direction()));
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Feeder pieces(older_packets(), boundless);
    pieces.random_pieces(bytes, seed % 2 ? 9 : 900, seed);
    EXPECT_EQ(class_counts(pieces.direction()), class_counts(whole.direction())) << seed;
  }
}

// Bytes held back for a longer token (a CONNECT's name) turn out to begin a shorter one: a PUBACK
// of version 5, whose last bytes are among them.
TEST(MqttSearch, WhatWasCarriedIsPartOfWhatIsSkipped) {
  const auto bytes = mqtt_packet(
      0x10, 'M' + mqtt_packet(0x40, std::string("\x20\1\0\0", 4)) + pingreq + std::string(9, 'x'));
  Feeder whole(packets(FANFARE_MASKED)), bytewise(packets(FANFARE_MASKED));
  whole.segment(bytes.substr(0, 11));
  bytewise.bytewise(bytes.substr(0, 11));
  EXPECT_EQ(whole.direction().chain, 1U);
  EXPECT_EQ(bytewise.direction().chain, 1U);
  EXPECT_EQ(whole.direction().skip, 0U);
  EXPECT_EQ(bytewise.direction().skip, 0U);
}

TEST(MqttSearch, ForeignTextNeverLocks) {
  Dice dice(1);
  std::string text;
  while (text.size() < 2000000) text += multilingual_json(dice);
  for (const unsigned flags : {0U, unsigned{FANFARE_MASKED}}) {
    Feeder feeder(older_packets(flags), boundless);
    feeder.segment(text);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKET_SEARCH);
    EXPECT_EQ(feeder.direction().tally.frames, 0U);
  }
}

TEST(MqttSearch, AfterSilenceASegmentThatFitsLocks) {
  Feeder feeder(older_packets());
  feeder.segment("hello");
  feeder.wait(FANFARE_QUIET_NS);
  feeder.segment(pingresp);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKETS);
  EXPECT_EQ(class_counts(feeder.direction()).messages[FANFARE_HEARTBEAT], 1U);
  Feeder cut(older_packets());
  cut.segment("hello");
  cut.wait(FANFARE_QUIET_NS);
  cut.segment(publish({.payload = "hello"}).substr(0, 9));
  EXPECT_EQ(cut.stage(), FANFARE_STAGE_PACKET_SEARCH);
}

TEST(MqttSearch, AHandshakeThatComesFirstLocksAtOnce) {
  const std::string with_will = mqtt_packet(
      0x10, mqtt_text("MQTT") + std::string("\5\6\0\x3c\0", 5) + mqtt_text("client") +
                std::string(1, '\0') + mqtt_text("will") + mqtt_text(std::string(200, 'w')));
  const std::string old =
      mqtt_packet(0x10, mqtt_text("MQIsdp") + std::string("\3\2\0\x3c", 4) + mqtt_text("client"));
  for (const auto& first : {mqtt_connect(4), mqtt_connect(5), with_will, old}) {
    Feeder feeder(older_packets(FANFARE_MASKED));
    feeder.segment(first);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKETS);
    EXPECT_EQ(feeder.direction().probation, 0);
    EXPECT_EQ(class_counts(feeder.direction()).messages[FANFARE_CONTROL], 1U);
    feeder.segment(first);
    EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 0U)
        << "as in a connection followed from its start";
  }
  const std::string properties = mqtt_packet(0x20, std::string("\0\0\3\x22\0\xa", 6));
  const std::string refused = mqtt_packet(0x20, std::string("\0\5", 2));
  for (const auto& first : {mqtt_connack(4), mqtt_connack(5), properties, refused}) {
    Feeder feeder(older_packets());
    feeder.segment(first + publish({.payload = "hello"}));
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKETS);
    EXPECT_EQ(feeder.direction().probation, 0);
    EXPECT_EQ(class_counts(feeder.direction()).messages[FANFARE_CONTROL], 1U);
    EXPECT_EQ(class_counts(feeder.direction()).messages[FANFARE_EVENT], 1U);
  }
}

TEST(MqttSearch, WhatIsNoHandshakeOrDoesNotComeFirstIsSearched) {
  using namespace std::string_view_literals;
  for (const auto bytes :
       {"\x10\x16\x03\x01\x02\0\1\0"sv, "\x10\x05\0\4MQT"sv, "\x10\x0c\0\4MQTX\4"sv,
        "\x10\xff\xff\xff\x7f\0\4M"sv, "\x10\xff\xff\xff\xff\0\4M"sv}) {
    Feeder feeder(older_packets(FANFARE_MASKED));
    feeder.segment(bytes);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKET_SEARCH) << testing::PrintToString(bytes);
  }
  for (const auto bytes : {"\x20\2\2\0"sv, "\x20\2\0\6"sv, "\x20\3\0\0\1"sv, "\x20\3\0\7\0"sv,
                           "\x21\2\0\0"sv, "\x20\1\0"sv}) {
    Feeder feeder(older_packets());
    feeder.segment(bytes);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_PACKET_SEARCH) << testing::PrintToString(bytes);
  }
  Feeder in(older_packets(FANFARE_MASKED)), out(older_packets());
  in.segment("a part of a payload");
  in.segment(mqtt_connect(4));
  out.segment("a part of a payload");
  out.segment(mqtt_connack(4));
  EXPECT_EQ(in.stage(), FANFARE_STAGE_PACKET_SEARCH);
  EXPECT_EQ(out.stage(), FANFARE_STAGE_PACKET_SEARCH);
}

// All classes, then bytes that MQTT does not have: the lock was wrong, and nothing of it stays.
TEST(MqttSearch, AFalseLockTakesBackWhatItCounted) {
  Feeder feeder(older_packets());
  feeder.segment("hello");
  feeder.wait(FANFARE_QUIET_NS);
  feeder.segment(publish({.payload = "one"}) + publish({.payload = "two", .qos = 1, .dup = true}) +
                 pingresp + mqtt_packet(0x40, "\1\2"));
  EXPECT_EQ(class_counts(feeder.direction()).messages, (std::array<std::uint64_t, 4>{1, 1, 1, 1}));
  feeder.segment(std::string(1, '\0'));
  EXPECT_EQ(class_counts(feeder.direction()), ClassCounts{});
  EXPECT_EQ(feeder.direction().tally.frames, 0U);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_FALSE_LOCK), 4U);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 0U);
}

TEST(MqttSearch, OnceProvenALossKeepsTheCounts) {
  Feeder feeder(older_packets());
  feeder.segment("hello");
  feeder.wait(FANFARE_QUIET_NS);
  for (int i = 0; i < FANFARE_PROOF_FRAMES; ++i) feeder.segment(publish({.payload = "x"}));
  feeder.segment(std::string(1, '\0'));
  EXPECT_EQ(feeder.counted().events, FANFARE_PROOF_FRAMES);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
}

}  // namespace
}  // namespace fanfare::test
