// SPDX-License-Identifier: Apache-2.0
// Identities of MQTT's application messages: the same for every copy, whatever topic, packet
// identifier, QoS or properties stand before it; unidentified, and never wrong, where not.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/mqtt.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

constexpr std::uint64_t unidentified = 0;

fanfare_identity_rule by_payload() {
  fanfare_identity_rule rule{};
  rule.kind = FANFARE_IDENTITY_BY_PAYLOAD;
  return rule;
}

fanfare_identity_rule by_id() {
  fanfare_identity_rule rule{};
  const std::string pattern = "\"id\"";
  rule.kind = FANFARE_IDENTITY_BY_JSON_KEY;
  rule.pattern_bytes = static_cast<std::uint8_t>(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) rule.pattern[i] = word_of(pattern.substr(i));
  return rule;
}

class Reader {
 public:
  explicit Reader(const fanfare_identity_rule& how, const fanfare_direction& start = packets())
      : direction_(start), identities_{how} {
    direction_.client_rule = FANFARE_RULE_IDENTITY | 1;
  }

  Reader& segment(std::string_view bytes) {
    const auto loss = feed(direction_, {seq_, bytes}, boundless, {.identities = &identities_});
    EXPECT_EQ(loss.reason, FANFARE_LOSS_NONE);
    seq_ += static_cast<std::uint32_t>(bytes.size());
    return *this;
  }
  Reader& pieces(std::string_view stream, std::size_t longest, std::uint64_t seed) {
    Dice dice(seed);
    while (!stream.empty()) {
      const auto piece = stream.substr(0, dice.between(1, longest));
      segment(piece);
      stream.remove_prefix(piece.size());
    }
    return *this;
  }

  const std::vector<std::uint64_t>& hashes() const { return identities_.hashes; }
  const fanfare_direction& direction() const { return direction_; }

 private:
  fanfare_direction direction_;
  Identities identities_;
  std::uint32_t seq_ = 1000;
};

// A message's copies, as different clients of version 5 get them, and one of 3.1.1.
std::vector<std::string> copies(const std::string& payload, unsigned level) {
  std::vector<std::string> made;
  for (unsigned qos = 0; qos < 3; ++qos)
    for (const std::string& topic : {std::string("a"), std::string("room/1/of/many")})
      for (const std::string& properties : {std::string(), std::string("\x0b\x07")})
        made.push_back(
            publish({.payload = payload,
                     .topic = topic,
                     .qos = qos,
                     .id = 17 * qos,
                     .properties = level >= 5 ? std::optional(properties) : std::nullopt}));
  return made;
}

TEST(MqttIdentity, EveryCopyHasTheSame) {
  const std::string payload = R"({"type":"message.new","id":"42"})";
  for (const auto& how : {by_payload(), by_id()}) {
    std::set<std::uint64_t> hashes;
    for (const unsigned level : {4U, 5U}) {
      std::string stream = mqtt_connack(level);
      for (const auto& copy : copies(payload, level)) stream += copy + pingresp;
      Reader whole(how);
      whole.segment(stream);
      EXPECT_EQ(whole.hashes().size(), 12U);
      for (const std::size_t longest : {1, 5, 60})
        EXPECT_EQ(Reader(how).pieces(stream, longest, longest).hashes(), whole.hashes());
      hashes.insert(whole.hashes().begin(), whole.hashes().end());
    }
    EXPECT_EQ(hashes.size(), 1U);
    EXPECT_FALSE(hashes.contains(unidentified));
  }
}

TEST(MqttIdentity, ReadingItChangesNoCount) {
  std::string stream = mqtt_connack(5);
  for (const auto& copy : copies("x", 5)) stream += copy;
  Feeder plain(packets());
  plain.segment(stream);
  EXPECT_EQ(class_counts(Reader(by_payload()).segment(stream).direction()),
            class_counts(plain.direction()));
}

TEST(MqttIdentity, MessagesThatDifferHaveAnother) {
  Reader reader(by_payload());
  reader.segment(mqtt_connack(4));
  for (int i = 0; i < 100; ++i) reader.segment(publish({.payload = std::to_string(i)}));
  reader.segment(publish({.payload = std::string(5, '\0')}) +
                 publish({.payload = std::string(6, '\0')}));
  const std::set<std::uint64_t> hashes(reader.hashes().begin(), reader.hashes().end());
  EXPECT_EQ(hashes.size(), 102U);
}

TEST(MqttIdentity, EmptyOnesAndThoseOfAnUnknownVersionAreUnidentified) {
  Reader reader(by_payload());
  reader.segment(mqtt_connack(5) + publish({.payload = "", .properties = ""}));
  EXPECT_EQ(reader.hashes(), std::vector{unidentified});

  fanfare_direction joined = packets();
  joined.flags &= static_cast<std::uint8_t>(~FANFARE_FIRST_PACKET);
  EXPECT_EQ(Reader(by_payload(), joined).segment(publish({.payload = "x"})).hashes(),
            std::vector{unidentified});
}

TEST(MqttIdentity, RedeliveriesHaveNone) {
  Reader reader(by_payload());
  reader.segment(mqtt_connack(4) + publish({.payload = "x", .qos = 1, .dup = true}));
  EXPECT_TRUE(reader.hashes().empty());
}

TEST(MqttIdentity, ATopicOrPropertiesThatDoNotFitLoseStep) {
  for (const std::string& rest : {mqtt_word(9) + "a", mqtt_text("a") + "\x7f", mqtt_text("a"),
                                  mqtt_text("a") + "\xe2\xe2"}) {  // a length cut by the end
    fanfare_direction direction = packets();
    direction.client_rule = FANFARE_RULE_IDENTITY | 1;
    Identities identities{by_payload()};
    const auto bytes = mqtt_connack(5) + mqtt_packet(0x30, rest) + mqtt_packet(0xd0, "");
    const Loss loss = feed(direction, {1000, bytes}, boundless, {.identities = &identities});
    EXPECT_EQ(loss.reason, FANFARE_LOSS_BAD_FRAME);
    EXPECT_EQ(direction.tally.by_class[FANFARE_EVENT].messages, 0U);
  }
}

}  // namespace
}  // namespace fanfare::test
