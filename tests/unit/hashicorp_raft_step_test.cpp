// SPDX-License-Identifier: Apache-2.0
// The framer of hashicorp/raft where it is out of step: old connections, bytes that the protocol
// does not have, the budget, holes. The kinds of RPCs are in hashicorp_raft_test.
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

// A connection older than the agent counts from the first segment on that begins an RPC.
TEST(HashicorpRaftStep, AnOldConnectionWaitsForABeginning) {
  const std::string append = append_request(log_entries(9, 4));
  Feeder feeder(older_rpcs());
  feeder.segment(std::string_view(append).substr(100));
  feeder.segment(std::string_view(append).substr(1));
  EXPECT_EQ(counted(feeder), Rpcs{});
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_ANCHOR);
  for (const auto& rpc : {append, append_request({}), vote_request(), pre_vote_request(),
                          timeout_now_request(), snapshot_request("state")}) {
    Feeder late(older_rpcs());
    late.segment("anything");
    late.segment(rpc);
    EXPECT_EQ(late.direction().tally.frames, 1U);
    expect_in_step(late);
  }
  Feeder late_answers(older_rpcs(FANFARE_RESPONSES));
  late_answers.segment("anything");
  late_answers.segment(append_answer(7));
  EXPECT_EQ(counted(late_answers), (Rpcs{.frames = 1, .last_index = 7}));
  expect_in_step(late_answers);
}

// Bytes that the protocol does not have: named once, nothing of that RPC is counted, and the next
// segment that begins an RPC goes on.
TEST(HashicorpRaftStep, BadBytesLoseStepOnce) {
  const std::string good = append_request(log_entries(9, 4));
  const std::vector<std::string> bad = {
      "GET / HTTP/1.1\r\n",
      "\x05\x81\xa4"
      "Addr\xc0"s,          // no such type
      "\x00\x80"s,          // an empty map
      "\x00\xa4"s,          // no map
      "\x00\x81\x01\x01"s,  // a key that is no text
      "\x00\x81\xa7"
      "Entries\x05"s,  // a number of entries
      "\x00\x81\xa7"
      "Entries\xdd\xff\xff\xff\xff"s,  // 4 billion entries
      "\x00\x81\xa7"
      "Entries\x91\xdf\xff\xff\xff\xff"s,  // of 4 billion pairs
      "\x00\x81\xa7"
      "Entries\x91\xc0"s,                    // an entry that is no map
      "\x00\x81\xa1x\xdf\xff\xff\xff\xff"s,  // 8 billion values
      "\x00\x81\xa1x\x92\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff"s,
      "\x00\x81\xa1x\xc1"s,  // a byte never used
      "\x02\x81\xa4Size\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s,
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"s,  // TLS
  };
  for (const auto& bytes : bad) {
    SCOPED_TRACE(testing::PrintToString(bytes));
    for (const bool bytewise : {false, true}) {
      Feeder feeder(requests());
      feeder.segment(good);
      const auto before = counted(feeder);
      if (bytewise)
        feeder.bytewise(bytes);
      else
        feeder.segment(bytes + good);
      EXPECT_EQ(counted(feeder), before);
      EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_RPC), 1U);
      EXPECT_EQ(feeder.lost_in_all(), 1U);
      EXPECT_EQ(feeder.stage(), FANFARE_STAGE_ANCHOR);
      EXPECT_EQ(feeder.direction().lost_by, FANFARE_LOSS_BAD_RPC);
      feeder.segment(good);
      EXPECT_EQ(counted(feeder).entries, before.entries + 4);
      EXPECT_EQ(feeder.direction().lost_by, FANFARE_LOSS_NONE);
    }
  }
}

// Who does not begin with an RPC is no peer. Text and TLS are not read any more; what else it may
// be is, until a segment begins an RPC.
TEST(HashicorpRaftStep, AStrangerIsNamedAndLosesNothing) {
  const std::string good = append_request(log_entries(9, 4));
  for (const auto& bytes :
       {"GET / HTTP/1.1\r\n"s, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"s, "SSH-2.0-x\r\n"s,
        "\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT"s, "\x05\x81\xa4xxxxxxx"s}) {
    SCOPED_TRACE(testing::PrintToString(bytes));
    for (const bool bytewise : {false, true}) {
      Feeder feeder(requests());
      if (bytewise)
        feeder.bytewise(bytes);
      else
        feeder.segment(bytes);
      EXPECT_EQ(feeder.lost(FANFARE_LOSS_NOT_A_PEER), 1U);
      EXPECT_EQ(feeder.lost_in_all(), 1U);
      EXPECT_EQ(feeder.direction().losses, 0U);
      EXPECT_EQ(feeder.direction().lost_by, FANFARE_LOSS_NOT_A_PEER);
      const bool text_or_tls = bytes[0] >= ' ' || bytes[0] == '\x16';
      EXPECT_EQ(feeder.stage(), text_or_tls ? FANFARE_STAGE_DISMISSED : FANFARE_STAGE_ANCHOR);
      feeder.segment(good);
      EXPECT_EQ(counted(feeder).entries, text_or_tls ? 0U : 4U);
    }
  }
}

TEST(HashicorpRaftStep, OneByteMayStandBeforeTheFirstRpc) {
  const std::string good = append_request(log_entries(9, 4));
  for (const auto& prefix : {"\x01"s, "\x00"s, "\x07"s, "R"s}) {
    SCOPED_TRACE(testing::PrintToString(prefix));
    Feeder whole(requests()), bytewise(requests());
    whole.segment(prefix + good + good);
    bytewise.bytewise(prefix + good + good);
    for (const auto* feeder : {&whole, &bytewise}) {
      EXPECT_EQ(counted(*feeder).entries, 8U);
      expect_in_step(*feeder);
    }
  }
}

TEST(HashicorpRaftStep, LossesAreCountedOnTheDirection) {
  Feeder feeder(requests());
  feeder.segment(append_request(log_entries(9, 4)));
  feeder.segment("no rpc");
  EXPECT_EQ(feeder.direction().losses, 1U);
}

TEST(HashicorpRaftStep, BadAnswersLoseStep) {
  for (const auto& bytes : {"\x00\x89"s, "\xa0\x05"s, "\xa0\x80"s, "\xdb\xff\xff\xff\xff"s,
                            "\xa0\xdf\xff\xff\xff\xff"s}) {
    SCOPED_TRACE(testing::PrintToString(bytes));
    Feeder feeder(answers());
    feeder.segment(append_answer(5) + bytes + append_answer(6));
    EXPECT_EQ(counted(feeder), (Rpcs{.frames = 1, .last_index = 5}));
    EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_RPC), 1U);
    feeder.segment(append_answer(6));
    EXPECT_EQ(counted(feeder), (Rpcs{.frames = 2, .last_index = 6}));
  }
}

// Over the budget: named, and the RPCs before the cut stay counted. The next one that starts a
// segment is found.
TEST(HashicorpRaftStep, OverTheBudgetIsNamed) {
  const std::string append = append_request(log_entries(5, 64));
  Feeder feeder(requests(), {.rpc = 1500});
  feeder.segment(append + append + append);
  EXPECT_EQ(counted(feeder).append, 1U);
  EXPECT_EQ(counted(feeder).entries, 64U);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_RPC_BUDGET), 1U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_ANCHOR);
  feeder.segment(append);
  EXPECT_EQ(counted(feeder).entries, 128U);
  EXPECT_EQ(feeder.lost_in_all(), 1U);
}

// The default budget covers what one segment can hold of ordinary entries.
TEST(HashicorpRaftStep, TheBudgetCoversASegmentOfAppends) {
  std::string stream;
  while (stream.size() < 60000) stream += append_request(log_entries(2, 64, std::string(30, 'm')));
  Feeder feeder(requests());
  feeder.segment(stream);
  EXPECT_EQ(feeder.lost_in_all(), 0U);
  EXPECT_EQ(counted(feeder), RaftDecoder(stream, false).complete());
}

// A hole in bytes that are passed over changes nothing; one that may hide a token loses step.
TEST(HashicorpRaftStep, HolesAreSubtractedOrNamed) {
  const std::string append = append_request(log_entries(2, 1, std::string(4000, 'd')));
  Feeder inside(requests());
  inside.segment(std::string_view(append).substr(0, 1000));
  inside.hole(1448);
  inside.segment(std::string_view(append).substr(2448));
  EXPECT_EQ(counted(inside).entries, 1U);
  expect_in_step(inside);

  Feeder over(requests());
  over.segment(append_request({}));
  over.hole(200);
  over.segment(std::string_view(append).substr(200));
  EXPECT_EQ(counted(over), (Rpcs{.frames = 1, .heartbeat = 1}));
  over.hole(200);
  over.segment(append);
  EXPECT_EQ(counted(over).entries, 1U) << "the segment behind the hole begins an RPC";
  EXPECT_EQ(over.lost(FANFARE_LOSS_EGRESS_HOLE), 1U);
}

// The last byte of a snapshot stands in the hole: complete all the same.
TEST(HashicorpRaftStep, AHoleThatEndsASnapshot) {
  const std::string snapshot = snapshot_request(std::string(3000, 's'));
  Feeder feeder(requests());
  feeder.segment(std::string_view(snapshot).substr(0, 2000));
  feeder.hole(static_cast<std::uint32_t>(snapshot.size() - 2000));
  feeder.segment(append_request({}));
  EXPECT_EQ(counted(feeder), (Rpcs{.frames = 2, .heartbeat = 1, .snapshot = 1}));
  expect_in_step(feeder);
}

TEST(HashicorpRaftStep, SentAgainByTcpCountsOnce) {
  const std::string append = append_request(log_entries(2, 3));
  Feeder feeder(requests(0, 0xffffff00U));
  feeder.segment(append);
  feeder.segment_at(0xffffff00U, append);
  feeder.segment_at(0xffffff00U + 50, std::string_view(append).substr(50));
  EXPECT_EQ(counted(feeder).entries, 3U);
  expect_in_step(feeder);
}

}  // namespace
}  // namespace fanfare::test
