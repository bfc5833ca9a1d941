// SPDX-License-Identifier: Apache-2.0
// Which bytes of a segment are new: retransmissions, overlaps, holes, and the sequence number's
// wrap-around. TCP's view only; what the bytes mean is in websocket_test.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/frames.h"
#include "tests/support/heads.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

constexpr std::uint32_t start = 1000;

std::string frame_of(std::size_t payload) { return wire({text, std::string(payload, 'x')}); }

TEST(Admit, CountsARetransmissionOnce) {
  const std::string frame = frame_of(100);
  Feeder feeder(in_step(0, start));
  feeder.segment(frame);
  feeder.segment_at(start, frame);
  feeder.segment_at(start, frame.substr(0, 10));
  feeder.segment_at(start + 50, frame.substr(50));
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 100, 0, 0}));
  EXPECT_EQ(fanfare_bytes_passed(&feeder.direction()), frame.size());
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

TEST(Admit, TakesOnlyTheNewEndOfAnOverlap) {
  const std::string stream = frame_of(100) + frame_of(50) + frame_of(10);
  for (std::uint32_t overlap = 1; overlap <= 102; ++overlap) {
    SCOPED_TRACE(overlap);
    Feeder feeder(in_step(0, start));
    feeder.segment(std::string_view(stream).substr(0, 102));
    feeder.segment_at(start + 102 - overlap, std::string_view(stream).substr(102 - overlap));
    EXPECT_EQ(feeder.counted(), (Counts{3, 3, 160, 0, 0}));
    EXPECT_EQ(fanfare_bytes_passed(&feeder.direction()), stream.size());
    EXPECT_EQ(feeder.lost_in_all(), 0U);
  }
}

TEST(Admit, AnOverlapMayCutAHeader) {
  const std::string stream = frame_of(300) + frame_of(300);
  Feeder feeder(in_step(0, start));
  feeder.segment(std::string_view(stream).substr(0, 305));  // one byte of the second header
  feeder.segment_at(start + 300, std::string_view(stream).substr(300, 7));
  feeder.segment_at(start + 302, std::string_view(stream).substr(302));
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, 600, 0, 0}));
}

TEST(Admit, SubtractsAHoleInsideAPayload) {
  const std::string frame = frame_of(1000);
  Feeder feeder(in_step(0, start));
  feeder.segment(std::string_view(frame).substr(0, 100));
  feeder.hole(500);
  feeder.segment(frame.substr(600) + frame_of(7));
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, 1007, 0, 0}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
  EXPECT_EQ(fanfare_bytes_passed(&feeder.direction()), 1004 + 9U);
}

TEST(Admit, FinishesAFrameWhoseEndFellIntoAHole) {
  const std::string frame = frame_of(1000);
  Feeder feeder(in_step(0, start));
  feeder.segment(std::string_view(frame).substr(0, 100));
  feeder.hole(904);
  EXPECT_EQ(feeder.counted(), Counts{}) << "not before something came behind the hole";
  feeder.segment(frame_of(7));
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, 1007, 0, 0}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

// The missing part arrives late, as it does at the ingress hook.
TEST(Admit, IgnoresTheLateBytesOfAHoleThatWasSubtracted) {
  const std::string frame = frame_of(1000);
  Feeder feeder(in_step(0, start));
  feeder.segment(std::string_view(frame).substr(0, 100));
  feeder.hole(500);
  feeder.segment(std::string_view(frame).substr(600));
  feeder.segment_at(start + 100, std::string_view(frame).substr(100, 500));
  feeder.segment(frame_of(7));
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, 1007, 0, 0}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

TEST(Admit, LosesStepByAHoleThatReachesOneByteIntoAHeader) {
  const std::string frame = frame_of(1000);
  Feeder feeder(in_step(0, start));
  feeder.segment(std::string_view(frame).substr(0, 100));
  feeder.hole(905);
  feeder.segment(std::string_view(frame_of(7)).substr(1));
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_EGRESS_HOLE), 1U);
  EXPECT_EQ(feeder.lost_in_all(), 1U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
}

TEST(Admit, LosesStepByAHoleBetweenFramesAndInsideAHeader) {
  for (const std::size_t cut : {0, 1, 2, 3}) {
    SCOPED_TRACE(cut);
    const std::string frame = frame_of(1000);
    Feeder feeder(in_step(0, start));
    feeder.segment(frame_of(5) + frame.substr(0, cut));
    feeder.hole(1);
    feeder.segment(std::string_view(frame).substr(cut + 1));
    EXPECT_EQ(feeder.counted(), (Counts{1, 1, 5, 0, 0}));
    EXPECT_EQ(feeder.lost(FANFARE_LOSS_EGRESS_HOLE), 1U);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  }
}

TEST(Admit, NamesTheHoleAsTheDriverSays) {
  fanfare_direction inbound = in_step(FANFARE_MASKED, start);
  const Loss loss = feed(inbound, {start + 9, std::string(9, '\0'), 1, FANFARE_LOSS_INGRESS_HOLE});
  EXPECT_EQ(loss.reason, FANFARE_LOSS_INGRESS_HOLE);
  EXPECT_EQ(loss.count, 1U);
}

// A message is only as long as its frames say, holes or not.
TEST(Admit, LocksAgainBehindAHole) {
  Feeder feeder(in_step(0, start));
  feeder.segment(frame_of(5));
  feeder.hole(3);
  for (int i = 0; i < 9; ++i) feeder.segment(frame_of(20));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  EXPECT_EQ(feeder.counted(), (Counts{4, 4, 65, 0, 0})) << "one before; six to lock; three after";
}

TEST(Admit, WrapsAroundAtAnyByteOfAFrame) {
  const std::string stream = frame_of(300) + frame_of(20) + frame_of(0);
  for (std::uint32_t before = 0; before <= stream.size(); ++before) {
    SCOPED_TRACE(before);
    const std::uint32_t seq = 0U - before;
    for (const std::size_t longest : {1, 50, 1000}) {
      Feeder feeder(in_step(0, seq));
      feeder.random_pieces(stream, longest, before);
      feeder.segment_at(seq, stream);  // a retransmission from before the wrap
      EXPECT_EQ(feeder.counted(), (Counts{3, 3, 320, 0, 0}));
      EXPECT_EQ(feeder.lost_in_all(), 0U);
    }
  }
}

TEST(Admit, SubtractsAHoleAcrossTheWrap) {
  const std::string frame = frame_of(1000);
  Feeder feeder(in_step(0, 0U - 300));
  feeder.segment(std::string_view(frame).substr(0, 100));
  feeder.hole(500);
  feeder.segment(std::string_view(frame).substr(600));
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, 1000, 0, 0}));
}

TEST(Admit, SkipsAPayloadOfMoreThan4GiB) {
  constexpr std::uint64_t length = (5ULL << 30) + 123;
  Feeder feeder(in_step(0, start));
  feeder.segment(header({.opcode = binary}, length));
  for (int i = 0; i < 5; ++i) {
    feeder.hole((1U << 30) - 1);
    feeder.segment("x");
  }
  feeder.segment(std::string(122, 'x'));
  EXPECT_EQ(feeder.counted(), Counts{});
  feeder.segment("x");
  EXPECT_EQ(feeder.counted(), (Counts{1, 1, length, 0, 0}));
  feeder.segment(frame_of(3));
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, length + 3, 0, 0}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

TEST(Admit, TakesTheFirstSegmentOfAnOldFlowWhereverItIs) {
  std::string frames;
  for (int i = 0; i < 8; ++i) frames += frame_of(20);
  Feeder feeder(older());
  feeder.segment_at(0xdeadbeefU, frames);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  EXPECT_EQ(feeder.counted(), (Counts{2, 2, 40, 0, 0}));
  EXPECT_EQ(feeder.direction().next_seq, 0xdeadbeefU + frames.size());
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

// It may have been an upgrade: from here on the connection is searched as one that is older than
// the agent, and the hole is named. What the search needs for its lock is not counted.
TEST(Admit, SearchesBehindAHeadWhoseEndIsMissing) {
  const std::string head = upgrade_head();
  Feeder feeder(fresh_server());
  feeder.segment(std::string_view(head).substr(0, head.size() - 4));
  feeder.hole(4);
  for (int i = 0; i < 40; ++i) feeder.segment(frame_of(500));
  constexpr unsigned counted = 40 - FANFARE_LOCK_FRAMES;
  EXPECT_EQ(feeder.counted(), (Counts{counted, counted, counted * 500, 0, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_EGRESS_HOLE), 1U);
  EXPECT_EQ(feeder.lost_in_all(), 1U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
}

TEST(Admit, StartsTheChainAnewBehindAHoleWhileSearching) {
  Feeder feeder(older());
  std::string five;
  for (int i = 0; i < 5; ++i) five += frame_of(20);
  feeder.segment(five);
  feeder.hole(1);
  feeder.segment(five);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  feeder.segment(frame_of(20));
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
  EXPECT_EQ(feeder.counted(), Counts{});
}

}  // namespace
}  // namespace fanfare::test
