// SPDX-License-Identifier: Apache-2.0
// The framer of hashicorp/raft over written RPCs: each kind, each form of number, text that looks
// like a key. What loses step is in hashicorp_raft_step_test, real bytes are in raft_captures_test.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/raft.h"
#include "tests/support/raft_decode.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

using namespace std::string_literals;

Rpcs counted(const Feeder& feeder) { return rpcs(feeder.direction()); }

void expect_in_step(const Feeder& feeder) {
  EXPECT_EQ(feeder.lost_in_all(), 0U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_RPC);
  EXPECT_EQ(feeder.direction().skip, 0U);
  EXPECT_EQ(feeder.direction().ncarry, 0U);
  EXPECT_EQ(feeder.direction().rpc.kind, FANFARE_RPC_NONE);
}

// Fed whole, byte by byte and in pieces, the counts are `truth`, and so are the second reading's.
void expect_counted(const fanfare_direction& start, const std::string& stream, const Rpcs& truth) {
  EXPECT_EQ(RaftDecoder(stream, start.flags & FANFARE_RESPONSES).complete(), truth);
  Feeder whole(start);
  whole.segment(stream);
  EXPECT_EQ(counted(whole), truth);
  expect_in_step(whole);
  Feeder split(start);
  split.bytewise(stream);
  EXPECT_EQ(counted(split), truth);
  expect_in_step(split);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Feeder pieces(start);
    pieces.random_pieces(stream, seed % 2 ? 9 : 2000, seed);
    EXPECT_EQ(counted(pieces), truth) << "seed " << seed;
    expect_in_step(pieces);
  }
}

TEST(HashicorpRaft, EachKindOfRequest) {
  expect_counted(requests(), append_request({}), {.frames = 1, .heartbeat = 1});
  expect_counted(requests(), append_request({{}}), {.frames = 1, .append_empty = 1});
  expect_counted(
      requests(), append_request(log_entries(8, 3)),
      {.frames = 1, .append = 1, .entries = 3, .commands = 3, .first_index = 8, .last_index = 10});
  expect_counted(requests(), vote_request(), {.frames = 1, .vote = 1});
  expect_counted(requests(), pre_vote_request(), {.frames = 1, .vote = 1});
  expect_counted(requests(), timeout_now_request(), {.frames = 1, .other = 1});
  expect_counted(requests(), snapshot_request("the state"), {.frames = 1, .snapshot = 1});
  expect_counted(requests(), snapshot_request(""), {.frames = 1, .snapshot = 1});
}

TEST(HashicorpRaft, OneBehindTheOther) {
  const std::string stream = vote_request() + append_request({}) + append_request({{}}) +
                             append_request(log_entries(2, 20)) + pre_vote_request() +
                             snapshot_request(std::string(5000, '\x91')) + timeout_now_request() +
                             append_request(log_entries(22, 1));
  expect_counted(requests(), stream,
                 {.frames = 8,
                  .append = 2,
                  .append_empty = 1,
                  .heartbeat = 1,
                  .vote = 2,
                  .snapshot = 1,
                  .other = 1,
                  .entries = 21,
                  .commands = 21,
                  .first_index = 2,
                  .last_index = 22});
}

// No-op, barrier and configuration are entries of the log, but carry nothing of the application.
TEST(HashicorpRaft, CommandsAreToldFromOtherEntries) {
  expect_counted(
      requests(), append_request({{{5, 1, ""}, {6, 0, "a"}, {7, 4, ""}, {8, 5, "b"}, {9, 0, "c"}}}),
      {.frames = 1, .append = 1, .entries = 5, .commands = 2, .first_index = 5, .last_index = 9});
}

// Indexes of each width, in requests and in answers.
TEST(HashicorpRaft, NumbersOfEachWidth) {
  for (const std::uint64_t index : {1ULL, 127ULL, 128ULL, 255ULL, 256ULL, 65535ULL, 65536ULL,
                                    0xffffffffULL, 0x100000000ULL, 0x7fffffffffffffffULL}) {
    SCOPED_TRACE(index);
    expect_counted(requests(), append_request({{{index, 0, "x"}}}) + append_request({{}}),
                   {.frames = 2,
                    .append = 1,
                    .append_empty = 1,
                    .entries = 1,
                    .commands = 1,
                    .first_index = index,
                    .last_index = index});
    expect_counted(answers(), append_answer(index) + append_answer(1),
                   {.frames = 2, .last_index = index});
  }
}

// What a node is called or a user writes may read like a key, and stand where a value stands.
TEST(HashicorpRaft, TextIsNotTakenForAKey) {
  for (const std::string text : {"Entries", "Type", "Index", "Size", "LastLog", "Addr"}) {
    SCOPED_TRACE(text);
    const std::string like_a_pair = Msgpack().text(text).integer(0).bytes();
    const std::string stream =
        append_request({{{3, 1, text}, {4, 0, like_a_pair}}}, text) + append_request({}, text);
    expect_counted(requests(), stream,
                   {.frames = 2,
                    .append = 1,
                    .heartbeat = 1,
                    .entries = 2,
                    .commands = 1,
                    .first_index = 3,
                    .last_index = 4});
    expect_counted(answers(), append_answer(9, text), {.frames = 1, .last_index = 9});
  }
}

// An answer may be an error and nothing.
TEST(HashicorpRaft, AnswersWithAnError) {
  const std::string nothing = Msgpack().text("unsupported protocol version").nil().bytes();
  const std::string long_text = append_answer(12, std::string(3000, 'e'));
  expect_counted(answers(), append_answer(11) + nothing + long_text + append_answer(10),
                 {.frames = 4, .last_index = 12});
}

TEST(HashicorpRaft, AThousandEntriesInOneAppend) {
  expect_counted(requests(), append_request(log_entries(70000, 1000)) + append_request({}),
                 {.frames = 2,
                  .append = 1,
                  .heartbeat = 1,
                  .entries = 1000,
                  .commands = 1000,
                  .first_index = 70000,
                  .last_index = 70999});
}

// The bytes of a MiB are passed over, in segments as large as a host sends.
TEST(HashicorpRaft, AMebibyteInOneEntry) {
  const std::string stream =
      append_request(log_entries(2, 1, std::string(1 << 20, '\x95'))) + append_request({{}});
  Feeder feeder(requests());
  for (std::size_t at = 0; at < stream.size(); at += 65483) {
    EXPECT_EQ(feeder.direction().tally.frames, 0U) << "not before the last byte";
    feeder.segment(std::string_view(stream).substr(at, 65483));
  }
  EXPECT_EQ(counted(feeder), (Rpcs{.frames = 2,
                                   .append = 1,
                                   .append_empty = 1,
                                   .entries = 1,
                                   .commands = 1,
                                   .first_index = 2,
                                   .last_index = 2}));
  expect_in_step(feeder);
}

// Fields that nobody knows yet, of each type that msgpack has, also nested, and in the new forms.
TEST(HashicorpRaft, UnknownFieldsArePassedOver) {
  const std::vector<std::string> values = {
      "\xca\1\2\3\4"s,
      "\xcb\1\2\3\4\5\6\7\x08"s,
      "\xc4\x03xyz"s,
      "\xc5\0\3xyz"s,
      "\xc6\0\0\0\3xyz"s,
      "\xd9\x04Type"s,
      "\xc7\x02\x05xy"s,
      "\xc8\0\2\5xy"s,
      "\xc9\0\0\0\2\5xy"s,
      "\xd4\5x"s,
      "\xd5\5xy"s,
      "\xd6\xff\1\2\3\4"s,
      "\xd7\xff\1\2\3\4\5\6\7\x08"s,
      "\xd8\5"s + std::string(16, 'x'),
      "\xd3\xff\1\2\3\4\5\6\7"s,
      "\xd0\x80"s,
      "\xff"s,
      "\xc3"s,
      "\x92\x81\xa4Type\x00\xdc\0\2\xc0\xa7"
      "Entries"s,
      "\xde\0\1\xa5Index\x93\1\2\3"s,
      "\xdf\0\0\0\1\x01\xdd\0\0\0\0"s,
  };
  for (const auto& value : values) {
    SCOPED_TRACE(testing::PrintToString(value));
    Msgpack rpc;
    rpc.number(0, 1).map(3).text("Aaaa").raw(value).text("Entries").array(2);
    for (const std::uint64_t index : {41, 42})
      rpc.map(4)
          .text("Index")
          .integer(index)
          .text("New")
          .raw(value)
          .text("Type")
          .integer(0)
          .text("Zzzz")
          .raw(value);
    rpc.text("Zzzz").raw(value);
    expect_counted(requests(), rpc.bytes() + vote_request(),
                   {.frames = 2,
                    .append = 1,
                    .vote = 1,
                    .entries = 2,
                    .commands = 2,
                    .first_index = 41,
                    .last_index = 42});
  }
}

// 1.1.2 sends no address: the maps begin with other keys.
TEST(HashicorpRaft, TheShapeOfTheOldest) {
  Msgpack rpc;
  rpc.number(0, 1).map(7).text("Entries").array(1).map(5);
  rpc.text("Data").text("x").text("Extensions").nil().text("Index").integer(300);
  rpc.text("Term").integer(2).text("Type").integer(0);
  rpc.text("Leader").text("n1").text("LeaderCommitIndex").integer(1).text("PrevLogEntry");
  rpc.integer(299).text("PrevLogTerm").integer(2).text("ProtocolVersion").integer(3);
  rpc.text("Term").integer(2);
  expect_counted(requests(), rpc.bytes(),
                 {.frames = 1,
                  .append = 1,
                  .entries = 1,
                  .commands = 1,
                  .first_index = 300,
                  .last_index = 300});
  Feeder old(older_rpcs());
  old.segment("of an append that began before");
  old.segment(rpc.bytes());
  EXPECT_EQ(counted(old).entries, 1U);
  Feeder old_answers(older_rpcs(FANFARE_RESPONSES));
  old_answers.segment(
      Msgpack().text("").map(2).text("LastLog").integer(5).text("Term").integer(2).bytes());
  EXPECT_EQ(counted(old_answers), (Rpcs{.frames = 1, .last_index = 5}));
}

// A signed form is a number unless it is negative, which no index is.
TEST(HashicorpRaft, SignedNumbers) {
  const std::pair<std::string, std::uint64_t> values[] = {{"\xd0\x7f"s, 127},
                                                          {"\xd0\x80"s, 0},
                                                          {"\xd1\x01\x00"s, 256},
                                                          {"\xd1\xff\x00"s, 0},
                                                          {"\xd2\x00\x01\x00\x00"s, 65536},
                                                          {"\xd2\x80\x00\x00\x00"s, 0}};
  for (const auto& [value, last_log] : values) {
    SCOPED_TRACE(testing::PrintToString(value));
    expect_counted(answers(), Msgpack().text("").map(1).text("LastLog").raw(value).bytes(),
                   {.frames = 1, .last_index = last_log});
  }
}

// Repeated keys could make an entry two commands, or an append two lists.
TEST(HashicorpRaft, RepeatedKeysInventNothing) {
  Msgpack rpc;
  rpc.number(0, 1).map(2).text("Entries").array(1).map(3).text("Index").integer(4);
  rpc.text("Type").integer(0).text("Type").integer(0);
  rpc.text("Entries").array(3).nil().nil().nil();
  expect_counted(
      requests(), rpc.bytes(),
      {.frames = 1, .append = 1, .entries = 1, .commands = 1, .first_index = 4, .last_index = 4});
}

}  // namespace
}  // namespace fanfare::test
