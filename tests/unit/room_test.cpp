// SPDX-License-Identifier: Apache-2.0
// The room that is read beside an identity: the same in any pieces, fragments and masks, whichever
// key comes first, and without a change to the identity; 0, and never wrong, where it cannot be
// read.
#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/dice.h"
#include "tests/support/frames.h"
#include "tests/support/identities.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

constexpr std::uint8_t rule = FANFARE_RULE_IDENTITY | 1;
constexpr std::uint64_t none = 0;

struct Read {
  std::vector<std::uint64_t> identities, rooms;
  bool operator==(const Read&) const = default;
};

// A sender whose messages are read by `how`.
class Sender {
 public:
  explicit Sender(Identities how, unsigned flags = 0)
      : how_(std::move(how)), feeder_(start(flags)) {
    feeder_.read_into(how_);
  }
  Feeder& feeder() { return feeder_; }
  Read read() const { return {how_.hashes, how_.rooms}; }

 private:
  static fanfare_direction start(unsigned flags) {
    auto direction = in_step(flags);
    direction.client_rule = rule;
    return direction;
  }
  Identities how_;
  Feeder feeder_;
};

Identities by_id() { return identities_and_rooms(by_key_rule("id"), "cid"); }
Identities by_payload() { return identities_and_rooms(by_payload_rule(), "cid"); }

// Identity and room of one message alone.
std::pair<std::uint64_t, std::uint64_t> of(const std::string& payload, const Identities& how) {
  Sender sender(how);
  sender.feeder().segment(wire({text, payload}));
  const auto read = sender.read();
  EXPECT_EQ(read.identities.size(), 1U);
  return {read.identities.at(0), read.rooms.at(0)};
}

std::uint64_t room_of(const std::string& payload) { return of(payload, by_id()).second; }

std::string padded(Dice& dice, std::size_t longest) {
  return R"("text":")" + std::string(dice.below(longest), 't') + R"(",)";
}

// Both keys in either order, near and far.
std::string message(Dice& dice) {
  const std::string id = R"("id":)" + std::to_string(dice.below(1U << 30)) + ",";
  const std::string cid = R"("cid":"messaging:)" + std::to_string(dice.below(50)) + R"(",)";
  const std::string first = padded(dice, 60), between = padded(dice, 60);
  return "{" + first + (dice.one_in(2) ? id + between + cid : cid + between + id) + R"("u":1})";
}

struct Trial {
  Identities how;
  std::vector<std::string> payloads;
};

Read alone(const Trial& trial) {
  Read read;
  for (const auto& payload : trial.payloads) {
    const auto [identity, room] = of(payload, trial.how);
    read.identities.push_back(identity);
    read.rooms.push_back(room);
  }
  return read;
}

void expect_same_in_any_shape(const Trial& trial, const MessageShape& shape, std::uint64_t seed) {
  StreamBuilder stream;
  for (const auto& payload : trial.payloads) stream.message(payload, shape);
  const unsigned flags = shape.masked ? unsigned{FANFARE_MASKED} : 0U;
  const auto expected = alone(trial);
  EXPECT_THAT(expected.identities, testing::Not(testing::Contains(none)));
  EXPECT_THAT(expected.rooms, testing::Not(testing::Contains(none)));
  for (const std::size_t longest : {1, 7, 90, 100000}) {
    SCOPED_TRACE(longest);
    Sender sender(trial.how, flags);
    sender.feeder().random_pieces(stream.bytes(), longest, seed);
    EXPECT_EQ(sender.read(), expected);
    EXPECT_EQ(sender.feeder().counted(), stream.truth());
    EXPECT_EQ(sender.feeder().lost_in_all(), 0U);
  }
}

TEST(Room, IsTheSameInAnyPiecesBesideTheIdentity) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    Trial trial{seed % 2 ? by_id() : by_payload(), {}};
    for (int i = 0; i < 20; ++i) trial.payloads.push_back(message(dice));
    trial.payloads.push_back(message(dice) + std::string(70000, ' '));
    expect_same_in_any_shape(trial, {}, seed);
    expect_same_in_any_shape(trial, {.masked = true}, seed);
    expect_same_in_any_shape(trial,
                             {.fragment = dice.between(1, 300),
                              .masked = dice.one_in(2),
                              .empty_end = dice.one_in(2),
                              .pings_between = dice.one_in(2)},
                             seed);
  }
}

TEST(Room, ToReadItDoesNotChangeTheIdentity) {
  Dice dice(1);
  for (const auto& with : {by_id(), by_payload()}) {
    auto without = with;
    without.room_rule = {};
    for (int i = 0; i < 200; ++i) {
      const auto payload = message(dice);
      const auto [identity, room] = of(payload, without);
      EXPECT_EQ(of(payload, with).first, identity);
      EXPECT_EQ(room, none);
    }
  }
}

TEST(Room, TellsRoomsApartAndNothingElse) {
  const auto seven = room_of(R"({"id":1,"cid":"7"})");
  EXPECT_NE(seven, none);
  for (const char* same : {R"({"cid":7,"id":2})", R"({"id":"x","cid": "7" })",
                           R"({"id":3,"deep":{"cid":7}})", R"({"acid":8,"id":3,"cid":7})"})
    EXPECT_EQ(room_of(same), seven) << same;
  for (const char* other : {R"({"id":1,"cid":"8"})", R"({"id":7,"cid":77})"})
    EXPECT_NE(room_of(other), seven) << other;
}

TEST(Room, IsNoneWhereItCannotBeReadAndTheIdentityIsReadAllTheSame) {
  const std::string far(300, 't');
  for (const std::string& payload :
       {std::string(R"({"id":5})"), std::string(R"({"id":5,"cid":null})"),
        std::string(R"({"id":5,"cid":""})"), std::string(R"({"id":5,"cid":"a\/b"})"),
        R"({"id":5,"text":")" + far + R"(","cid":1})"}) {
    const auto [identity, room] = of(payload, by_id());
    EXPECT_EQ(room, none) << payload;
    EXPECT_EQ(identity, of(R"({"id":5})", by_id()).first) << payload;
  }
  EXPECT_EQ(of(R"({"cid":"a"})", by_id()).first, none);
  // By payload 128 bytes are the identity; the room is looked for in 256.
  const auto late = R"({"text":")" + std::string(200, 't') + R"(","cid":"7"})";
  EXPECT_EQ(of(late, by_payload()).second, room_of(R"({"id":1,"cid":"7"})"));
}

// Bytes that never passed the hook.
TEST(Room, AHoleBehindTheIdentityTakesTheRoomAlone) {
  const std::string payload = R"({"id":5,"text":")" + std::string(100, 't') + R"(","cid":"7"})";
  const std::string bytes = wire({text, payload});
  const auto [identity, room] = of(payload, by_id());
  ASSERT_NE(room, none);
  for (const std::size_t from : {4, 40, 100}) {
    SCOPED_TRACE(from);
    Sender sender(by_id());
    sender.feeder().segment(bytes.substr(0, from));
    sender.feeder().hole(20);
    sender.feeder().segment(bytes.substr(from + 20) + wire({text, payload}));
    const std::uint64_t cut = from == 4 ? none : identity;
    EXPECT_EQ(sender.read(), (Read{{cut, identity}, {none, room}}));
  }
}

TEST(Room, OfACompressedMessageIsNotRead) {
  Sender sender(by_id(), FANFARE_DEFLATE);
  sender.feeder().segment(wire({.payload = R"({"id":5,"cid":"7"})", .rsv = 4}));
  EXPECT_EQ(sender.read(), (Read{{none}, {none}}));
}

}  // namespace
}  // namespace fanfare::test
