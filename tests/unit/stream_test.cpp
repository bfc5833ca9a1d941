// SPDX-License-Identifier: Apache-2.0
// Fed whole, byte by byte or in random pieces the counts are the same, and equal to what the
// generator wrote; budgets; the first frames in the segment of the 101.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/frames.h"
#include "tests/support/heads.h"
#include "tests/support/payloads.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

StreamBuilder generate(std::uint64_t seed, unsigned flags) {
  Dice dice(seed);
  StreamBuilder stream;
  const bool masked = flags & FANFARE_MASKED;
  const bool deflate = flags & FANFARE_DEFLATE;
  for (std::size_t i = dice.between(10, 60); i > 0; --i) {
    if (dice.one_in(5)) {
      const std::string payload = dice.bytes(dice.below(126));
      stream.frame({dice.one_in(2) ? ping : pong, payload, true, 0, masked});
      continue;
    }
    const std::size_t length = dice.one_in(12) ? dice.between(65536, 90000) : dice.below(400);
    const bool compressed = deflate && dice.one_in(2);
    const std::string payload = compressed ? deflated(ascii_json(dice)) : dice.bytes(length);
    stream.message(payload, {.opcode = dice.one_in(2) ? text : binary,
                             .fragment = dice.one_in(3) ? dice.between(1, 5000) : SIZE_MAX,
                             .rsv = compressed ? 4U : 0U,
                             .masked = masked,
                             .empty_end = dice.one_in(4),
                             .pings_between = length < 1000 && dice.one_in(4)});
  }
  return stream;
}

class AnyPieces : public testing::TestWithParam<unsigned> {};

TEST_P(AnyPieces, GiveTheCountsOfTheGenerator) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    const StreamBuilder stream = generate(seed, GetParam());
    Feeder whole(in_step(GetParam()));
    whole.segment(stream.bytes());
    EXPECT_EQ(whole.counted(), stream.truth());
    Feeder bytewise(in_step(GetParam()));
    bytewise.bytewise(stream.bytes());
    EXPECT_EQ(bytewise.counted(), stream.truth());
    for (const std::size_t longest : {7, 40, 9000}) {
      SCOPED_TRACE(longest);
      Feeder pieces(in_step(GetParam()));
      pieces.random_pieces(stream.bytes(), longest, seed);
      EXPECT_EQ(pieces.counted(), stream.truth());
      EXPECT_EQ(pieces.lost_in_all(), 0U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Directions, AnyPieces,
                         testing::Values(0U, unsigned{FANFARE_MASKED}, unsigned{FANFARE_DEFLATE},
                                         unsigned{FANFARE_MASKED | FANFARE_DEFLATE}));

TEST(Upgrade, FirstFramesInTheSegmentOfTheHeadCount) {
  for (std::uint64_t seed = 100; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    const StreamBuilder stream = generate(seed, FANFARE_DEFLATE);
    const std::string bytes = deflate_head() + stream.bytes();
    Feeder whole(fresh_server());
    whole.segment(bytes);
    EXPECT_EQ(whole.counted(), stream.truth());
    Feeder pieces(fresh_server());
    pieces.random_pieces(bytes, 40, seed);
    EXPECT_EQ(pieces.counted(), stream.truth());
    EXPECT_EQ(pieces.lost_in_all(), 0U);
  }
}

TEST(Upgrade, CompressionThatWasNotAgreedLosesStep) {
  Feeder feeder(fresh_server());
  feeder.segment(upgrade_head() + wire({.payload = "squeezed", .rsv = 4}));
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
}

// Out of step by a bad frame, the counts before and after a new lock are also those of any pieces.
TEST(AnySplit, GivesTheSameCountsThroughLossAndSearch) {
  for (std::uint64_t seed = 200; seed < 260; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    StreamBuilder stream;
    for (int i = 0; i < 60; ++i) {
      stream.message(multilingual_json(dice));
      if (dice.one_in(20)) stream.raw(dice.bytes(dice.between(1, 30)));
    }
    Feeder whole(in_step(), boundless);
    whole.segment(stream.bytes());
    for (const std::size_t longest : {1, 7, 40, 9000}) {
      SCOPED_TRACE(longest);
      Feeder pieces(in_step(), boundless);
      pieces.random_pieces(stream.bytes(), longest, seed);
      EXPECT_EQ(pieces.counted(), whole.counted());
      EXPECT_EQ(pieces.stage(), whole.stage());
      EXPECT_EQ(pieces.direction().probation, whole.direction().probation);
    }
  }
}

TEST(Budget, SpentIsANamedLossAndNothingIsCountedFromAWrongPlace) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += wire({ping, ""});
  Feeder feeder(in_step(), {.frames = 40, .search = 4096});
  feeder.segment(bytes);
  EXPECT_EQ(feeder.counted(), (Counts{40, 0, 0, 40, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_FRAME_BUDGET), 1U);
  EXPECT_EQ(feeder.lost_in_all(), 1U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
  feeder.segment(bytes);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES) << "locks again on what follows";
}

TEST(Budget, ExactlySpentIsNoLoss) {
  std::string bytes;
  for (int i = 0; i < 40; ++i) bytes += wire({ping, "x"});
  Feeder feeder(in_step(), {.frames = 40, .search = 4096});
  feeder.segment(bytes);
  EXPECT_EQ(feeder.counted(), (Counts{40, 0, 0, 40, 40}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

// The biggest segment of BIG TCP, full of the smallest frames: the kernel's budget covers them.
TEST(Budget, OfTheKernelCoversASegmentOfEmptyFrames) {
  std::string bytes;
  while (bytes.size() < 131072) bytes += wire({ping, ""});
  Feeder feeder(in_step());
  feeder.segment(bytes);
  EXPECT_EQ(feeder.counted(), (Counts{65536, 0, 0, 65536, 0}));
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

TEST(Idle, ReadsNothing) {
  fanfare_direction idle{};
  Feeder feeder(idle);
  feeder.segment(wire({text, "before the 101 has left"}));
  EXPECT_EQ(feeder.counted(), Counts{});
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_IDLE);
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

}  // namespace
}  // namespace fanfare::test
