// SPDX-License-Identifier: Apache-2.0
// Which event a message is: the same in any pieces, fragments and masks; unidentified, and never
// wrong, where it cannot be read.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_set>

#include "agent/replay/walk.h"
#include "tests/support/dice.h"
#include "tests/support/frames.h"
#include "tests/support/payloads.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

using Hashes = std::vector<std::uint64_t>;
constexpr std::uint64_t unidentified = 0;

fanfare_identity_rule by_payload() {
  fanfare_identity_rule rule{};
  rule.kind = FANFARE_IDENTITY_BY_PAYLOAD;
  return rule;
}

fanfare_identity_rule by_key(const std::string& key) {
  fanfare_identity_rule rule{};
  const std::string pattern = '"' + key + '"';
  rule.kind = FANFARE_IDENTITY_BY_JSON_KEY;
  rule.pattern_bytes = static_cast<std::uint8_t>(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) rule.pattern[i] = word_of(pattern.substr(i));
  return rule;
}

// A sender whose messages are identified.
class Reader {
 public:
  explicit Reader(const fanfare_identity_rule& how, unsigned flags = 0,
                  std::uint8_t rule = FANFARE_RULE_IDENTITY | 1)
      : direction_(in_step(flags)), identities_{how} {
    direction_.client_rule = rule;
  }

  void segment(std::string_view bytes) {
    const auto loss = feed(direction_, {seq_, bytes}, boundless, {.identities = &identities_});
    EXPECT_EQ(loss.reason, FANFARE_LOSS_NONE);
    seq_ += static_cast<std::uint32_t>(bytes.size());
  }

  void pieces(std::string_view stream, std::size_t longest, std::uint64_t seed) {
    Dice dice(seed);
    while (!stream.empty()) {
      const auto piece = stream.substr(0, dice.between(1, longest));
      segment(piece);
      stream.remove_prefix(piece.size());
    }
  }

  void hole(std::size_t bytes) { seq_ += static_cast<std::uint32_t>(bytes); }

  const Hashes& hashes() const { return identities_.hashes; }
  const fanfare_direction& direction() const { return direction_; }

 private:
  fanfare_direction direction_;
  Identities identities_;
  std::uint32_t seq_ = 1000;
};

std::uint64_t identity_of(const std::string& payload, const fanfare_identity_rule& rule) {
  Reader reader(rule);
  reader.segment(wire({text, payload}));
  EXPECT_EQ(reader.hashes().size(), 1U);
  return reader.hashes().at(0);
}

std::uint64_t json_identity(const std::string& payload) {
  return identity_of(payload, by_key("id"));
}

std::string message_new(const std::string& id, std::size_t at) {
  const std::string before = R"({"type":"message.new","text":")";
  return before + std::string(at - before.size() - 8, 't') + R"(","id":")" + id + R"(","u":1})";
}

// What the messages of one stream are identified by: their payloads, cut and coloured in any way.
struct Trial {
  fanfare_identity_rule rule;
  std::vector<std::string> payloads;
};

Trial payload_trial(Dice& dice) {
  Trial trial{by_payload(), {}};
  for (int i = 0; i < 20; ++i) trial.payloads.push_back(dice.bytes(dice.between(1, 400)));
  trial.payloads.push_back(dice.bytes(70000));
  return trial;
}

Trial json_trial(Dice& dice) {
  Trial trial{by_key("id"), {}};
  for (int i = 0; i < 20; ++i)
    trial.payloads.push_back(
        message_new(std::to_string(dice.below(1U << 30)), dice.between(40, 240)));
  trial.payloads.push_back(message_new("long", 60) + std::string(70000, ' '));
  return trial;
}

Hashes alone(const Trial& trial) {
  Hashes hashes;
  for (const auto& payload : trial.payloads) hashes.push_back(identity_of(payload, trial.rule));
  return hashes;
}

void expect_same_in_any_shape(const Trial& trial, const MessageShape& shape, std::uint64_t seed) {
  StreamBuilder stream;
  for (const auto& payload : trial.payloads) stream.message(payload, shape);
  const unsigned flags = shape.masked ? unsigned{FANFARE_MASKED} : 0U;
  const auto expected = alone(trial);
  ASSERT_EQ(std::ranges::count(expected, unidentified), 0);
  for (const std::size_t longest :
       {std::size_t{1}, std::size_t{7}, std::size_t{90}, SIZE_MAX / 2}) {
    SCOPED_TRACE(longest);
    Reader reader(trial.rule, flags);
    reader.pieces(stream.bytes(), std::min(longest, stream.bytes().size()), seed);
    EXPECT_EQ(reader.hashes(), expected);
    EXPECT_EQ(counts(reader.direction()), stream.truth());
  }
}

class AnyShape : public testing::TestWithParam<Trial (*)(Dice&)> {};

TEST_P(AnyShape, GivesTheSameIdentity) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const Trial trial = GetParam()(dice);
    expect_same_in_any_shape(trial, {}, seed);
    expect_same_in_any_shape(trial, {.masked = true}, seed);
    expect_same_in_any_shape(trial,
                             {.fragment = dice.between(1, 300),
                              .masked = seed % 2 == 0,
                              .empty_end = dice.one_in(2),
                              .pings_between = false},
                             seed);
    expect_same_in_any_shape(
        trial, {.fragment = dice.between(30, 300), .masked = seed % 2 == 1, .pings_between = true},
        seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, AnyShape, testing::Values(payload_trial, json_trial));

TEST(Identity, WholeSegmentsEqualAnyPieces) {
  Dice dice(7);
  const Trial trial = payload_trial(dice);
  StreamBuilder stream;
  for (const auto& payload : trial.payloads) stream.message(payload);
  Reader reader(trial.rule);
  reader.segment(stream.bytes());
  EXPECT_EQ(reader.hashes(), alone(trial));
}

TEST(Identity, EachShardHasItsOwn) {
  Reader first(by_payload(), 0, FANFARE_RULE_IDENTITY | 1);
  Reader second(by_payload(), 0, FANFARE_RULE_IDENTITY | 2);
  first.segment(wire({text, "hello"}));
  second.segment(wire({text, "hello"}));
  EXPECT_NE(first.hashes(), second.hashes());
}

TEST(Identity, WithoutARuleNothingIsRead) {
  Reader reader(by_payload(), 0, 0);
  reader.segment(wire({text, "hello"}));
  EXPECT_THAT(reader.hashes(), testing::IsEmpty());
  EXPECT_EQ(counts(reader.direction()).events, 1U);
}

TEST(Identity, ControlFramesHaveNone) {
  Reader reader(by_payload());
  reader.segment(wire({ping, "ping"}) + wire({text, "x"}) + wire({pong, "pong"}));
  EXPECT_EQ(reader.hashes().size(), 1U);
}

TEST(Identity, CompressedAndEmptyAreUnidentified) {
  Reader reader(by_payload(), FANFARE_DEFLATE);
  reader.segment(wire({.payload = deflated("squeezed"), .rsv = 4}) + wire({text, ""}) +
                 wire({text, "plain"}));
  EXPECT_EQ(reader.hashes().size(), 3U);
  EXPECT_EQ(reader.hashes().at(0), unidentified);
  EXPECT_EQ(reader.hashes().at(1), unidentified);
  EXPECT_EQ(reader.hashes().at(2), identity_of("plain", by_payload()));
}

TEST(Identity, OfAPayloadIsItsFirst128BytesAndItsLength) {
  const std::string base(300, 'p');
  const auto with = [&](std::size_t at) {
    std::string payload = base;
    payload[at] = 'X';
    return identity_of(payload, by_payload());
  };
  const auto plain = identity_of(base, by_payload());
  EXPECT_NE(with(0), plain);
  EXPECT_NE(with(127), plain);
  EXPECT_EQ(with(128), plain) << "not looked at";
  EXPECT_NE(identity_of(base + "p", by_payload()), plain);
  EXPECT_NE(identity_of("a", by_payload()), identity_of(std::string("a\0", 2), by_payload()));
}

// Bytes that never passed the hook.
TEST(Identity, AHoleInTheBytesLookedAtIsUnidentifiedAndOneBehindThemIsNot) {
  const std::string message = wire({text, std::string(1000, 'h')});
  for (const std::size_t from : {5, 100, 131, 132, 400}) {
    SCOPED_TRACE(from);
    Reader reader(by_payload());
    reader.segment(message.substr(0, from));
    reader.hole(50);
    reader.segment(message.substr(from + 50));
    const auto whole = identity_of(std::string(1000, 'h'), by_payload());
    EXPECT_THAT(reader.hashes(), testing::ElementsAre(from < 132 ? unidentified : whole));
  }
}

TEST(Identity, AHoleThatHoldsTheMessagesEndIsTaken) {
  const std::string payload(200, 'e');
  Reader reader(by_payload());
  reader.segment(wire({text, payload}).substr(0, 150));
  reader.hole(204 - 150);
  reader.segment(wire({text, "next"}));
  EXPECT_THAT(reader.hashes(), testing::ElementsAre(identity_of(payload, by_payload()),
                                                    identity_of("next", by_payload())));
}

TEST(JsonKey, IsFoundWithStringsAndNumbers) {
  const auto seven = json_identity(R"({"id":"7"})");
  EXPECT_NE(seven, unidentified);
  for (const char* same :
       {R"({"id":7})", R"({"id": 7})", R"({"id"  :   "7","x":1})", R"({"a":[],"id":7})",
        R"([{"id":7},{"id":8}])", R"({"type":"id","id":7})", R"({"idx":1,"xid":2,"id":7})",
        R"({"id":null,"deep":{"id":7}})", R"({"a":"\"id","id":7})", R"({"a":"id\":5","id":7})"})
    EXPECT_EQ(json_identity(same), seven) << same;
  for (const char* other : {R"({"id":8})", R"({"id":"07"})", R"({"id":77})", R"({"id":-7})"})
    EXPECT_NE(json_identity(other), seven) << other;
}

TEST(JsonKey, IsUnidentifiedWhereItCannotBeRead) {
  for (const char* none :
       {R"({"type":"ping"})", R"({"id":null})", R"({"id":true})", R"({"id":""})", R"({"id":"a)",
        R"({"id":"a\"b"})", R"({"id")", R"({"id":5)", R"({"Id":5})", "id:5", R"("id":)", "{}"})
    EXPECT_EQ(json_identity(none), unidentified) << none;
}

// The value must end within the first 256 bytes.
TEST(JsonKey, AtTheEdgeOfWhatIsLookedAt) {
  const std::string id(36, 'u');
  EXPECT_EQ(json_identity(message_new(id, 256 - 37)), json_identity(message_new(id, 60)));
  EXPECT_EQ(json_identity(message_new(id, 256 - 36)), unidentified);
  EXPECT_EQ(json_identity(message_new(id, 300)), unidentified);
  EXPECT_NE(json_identity(R"({"id":")" + std::string(240, 'v') + R"("})"), unidentified);
}

TEST(JsonKey, OfEveryLength) {
  for (std::size_t length = 1; length <= 32; ++length) {
    const std::string key(length, 'k');
    const auto rule = by_key(key);
    EXPECT_NE(identity_of(R"({")" + key + R"(":1})", rule), unidentified) << length;
    EXPECT_EQ(identity_of(R"({")" + key + R"(k":1})", rule), unidentified) << length;
  }
}

void expect_distinct(const std::function<std::string(std::size_t)>& payload,
                     const fanfare_identity_rule& rule) {
  constexpr std::size_t count = 1000000;
  std::unordered_set<std::uint64_t> seen;
  seen.reserve(count);
  Reader reader(rule);
  for (std::size_t i = 0; i < count; ++i) reader.segment(wire({text, payload(i)}));
  for (const auto hash : reader.hashes()) seen.insert(hash);
  EXPECT_EQ(seen.size(), count);
  EXPECT_FALSE(seen.contains(unidentified));
}

TEST(Identity, AMillionDecimalIdsDoNotCollide) {
  const auto decimal = [](std::size_t i) { return R"({"id":)" + std::to_string(i) + "}"; };
  expect_distinct(decimal, by_key("id"));
  expect_distinct(decimal, by_payload());
}

// A multiplication alone never carries down from the highest byte of a word.
TEST(Identity, AMillionIdsInTheHighestBytesDoNotCollide) {
  const auto digits_apart = [](std::size_t i) {
    std::string payload(48, '.');
    for (std::size_t at = 7; at < payload.size(); at += 8, i /= 10)
      payload[at] = static_cast<char>('0' + i % 10);
    return payload;
  };
  expect_distinct(digits_apart, by_payload());
}

TEST(Identity, AMillionRandomIdsDoNotCollide) {
  Dice dice(1);
  expect_distinct(
      [&](std::size_t) {
        std::string id;
        for (int i = 0; i < 4; ++i) id += std::to_string(10000000 + dice.below(1U << 30)) + "-";
        return R"({"type":"message.new","id":")" + id + "\"}";
      },
      by_key("id"));
}

}  // namespace
}  // namespace fanfare::test
