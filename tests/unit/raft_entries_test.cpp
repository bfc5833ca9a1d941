// SPDX-License-Identifier: Apache-2.0
// Identity and room of the entries of a log, read as those of the clients' messages are: the same
// hashes in any pieces, of commands alone, and the counts of RPCs as without.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/dice.h"
#include "tests/support/frames.h"
#include "tests/support/identities.h"
#include "tests/support/raft.h"
#include "tests/support/rpcs.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

constexpr std::uint8_t rule = FANFARE_RULE_IDENTITY | 3;
constexpr std::uint64_t none = 0;

struct Entry {
  std::uint64_t identity, room, index;
  bool operator==(const Entry&) const = default;
};
using Entries = std::vector<Entry>;

fanfare_direction log_of_a_shard() {
  auto direction = requests();
  direction.room.key = rule;
  return direction;
}

Entries read(const Identities& how) {
  Entries entries;
  for (std::size_t i = 0; i < how.entries.size(); ++i)
    entries.push_back({how.entries[i], how.entry_rooms[i], how.entry_indexes[i]});
  return entries;
}

// What the clients' frame with this payload is read as.
Entry of_frame(const std::string& payload, Identities how, std::uint64_t index) {
  auto direction = in_step();
  direction.client_rule = rule;
  Feeder feeder(direction);
  feeder.read_into(how);
  feeder.segment(wire({text, payload}));
  return {how.hashes.at(0), how.rooms.at(0), index};
}

Identities by_id() { return identities_and_rooms(by_key_rule("id"), "cid"); }
Identities by_payload() { return identities_and_rooms(by_payload_rule(), "cid"); }

std::string event(std::size_t id, std::size_t room, std::size_t longest = 0) {
  return R"({"text":")" + std::string(longest, 't') + R"(","cid":"room-)" + std::to_string(room) +
         R"(","id":")" + std::to_string(id) + R"("})";
}

// Whole, byte by byte and in pieces.
void expect_read(const std::string& stream, const Identities& how, const Entries& truth) {
  Feeder unread(requests());
  unread.segment(stream);
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    auto into = how;
    Feeder feeder(log_of_a_shard());
    feeder.read_into(into);
    if (seed == 0)
      feeder.segment(stream);
    else if (seed == 1)
      feeder.bytewise(stream);
    else
      feeder.random_pieces(stream, seed % 2 ? 9 : 300, seed);
    EXPECT_EQ(read(into), truth);
    EXPECT_EQ(rpcs(feeder.direction()), rpcs(unread.direction()));
    EXPECT_EQ(feeder.lost_in_all(), 0U);
    EXPECT_EQ(feeder.direction().rpc.data, FANFARE_DATA_UNREAD);
  }
}

TEST(RaftEntries, AreReadAsTheFramesAre) {
  Dice dice(1);
  for (const auto& how : {by_id(), by_payload()}) {
    std::string stream = vote_request() + append_request({}) + append_request({{}});
    Entries truth;
    std::uint64_t index = 100;
    for (int rpc = 0; rpc < 5; ++rpc) {
      std::vector<LogEntry> entries;
      for (std::size_t i = dice.between(1, 20); i > 0; --i, ++index) {
        entries.push_back({index, 0, event(dice.below(1U << 30), dice.below(9), dice.below(150))});
        truth.push_back(of_frame(entries.back().data, how, index));
        EXPECT_NE(truth.back().room, none);
      }
      stream += append_request(entries) + append_request({});
    }
    expect_read(stream, how, truth);
  }
}

TEST(RaftEntries, JsonMayStandAnywhereInTheData) {
  const std::string inside = event(7, 3);
  Entry truth = of_frame(inside, by_id(), 1);
  expect_read(append_request({{{1, 0, "\x12\x34" + inside + std::string("\0\xff", 2)}}}), by_id(),
              {truth});
}

// No-op, barrier and configuration are no events, whatever they hold.
TEST(RaftEntries, OfCommandsAlone) {
  const std::vector<LogEntry> entries = {{5, 1, event(1, 1)},
                                         {6, 0, event(2, 2)},
                                         {7, 4, ""},
                                         {8, 5, event(3, 3)},
                                         {9, 0, event(4, 4)}};
  expect_read(append_request(entries), by_id(),
              {of_frame(entries[1].data, by_id(), 6), of_frame(entries[4].data, by_id(), 9)});
}

TEST(RaftEntries, WhatCannotBeReadIsNone) {
  const std::string far = event(1, 1, 300);
  const Entry room_alone{none, of_frame(R"({"id":1,"cid":"a"})", by_id(), 0).room, 3};
  expect_read(append_request({{{1, 0, "opaque"}, {2, 0, far}, {3, 0, R"({"cid":"a"})"}}}), by_id(),
              {{none, none, 1}, {none, none, 2}, room_alone});
  expect_read(append_request({{{1, 0, ""}}}), by_id(), {});
}

// Of each width of the length, and one far over what is looked at.
TEST(RaftEntries, LongData) {
  std::vector<LogEntry> entries;
  Entries truth;
  for (const std::size_t bytes : {1, 20, 200, 300, 70000}) {
    entries.push_back({entries.size() + 1, 0, event(bytes, 1) + std::string(bytes, ' ')});
    truth.push_back(of_frame(entries.back().data, by_payload(), entries.size()));
  }
  expect_read(append_request(entries), by_payload(), truth);
}

TEST(RaftEntries, AHoleInTheDataLeavesTheEntryOut) {
  const std::string first = event(1, 1, 100), second = event(2, 2);
  const std::string stream = append_request({{{1, 0, first}, {2, 0, second}}});
  const auto at = static_cast<std::uint32_t>(stream.find("ttt") + 10);
  auto how = by_id();
  Feeder feeder(log_of_a_shard());
  feeder.read_into(how);
  feeder.segment(stream.substr(0, at));
  feeder.hole(50);
  feeder.segment(stream.substr(at + 50));
  EXPECT_EQ(read(how), (Entries{of_frame(second, by_id(), 2)}));
  EXPECT_EQ(rpcs(feeder.direction()).commands, 2U);
}

TEST(RaftEntries, AreNotReadWhereTheShardHasNoRooms) {
  auto how = by_id();
  Feeder feeder(requests());
  feeder.read_into(how);
  feeder.segment(append_request({{{1, 0, event(1, 1)}}}));
  EXPECT_TRUE(read(how).empty());
}

}  // namespace
}  // namespace fanfare::test
