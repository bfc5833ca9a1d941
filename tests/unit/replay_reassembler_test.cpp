// SPDX-License-Identifier: Apache-2.0
// Whatever happens to the segments of a stream on the way, the framers see it in order and count
// the same; what is missing for good is named.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "agent/replay/reassembler.h"
#include "tests/support/stream_feeder.h"
#include "tests/support/trials.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace test;

constexpr std::uint32_t first_seq = 0xffffff00;  // wraps on the way

class Stream {
 public:
  Stream() : feeder_(in_step(0, first_seq)) { reassembler_.start(first_seq); }

  void take(std::uint32_t at, std::string_view bytes, Monotonic now = 1s) {
    reassembler_.take({first_seq + at, static_cast<std::uint32_t>(bytes.size()), bytes, 0, now},
                      deliver());
  }
  void expire(Monotonic now) { reassembler_.expire(now, deliver()); }
  void flush() { reassembler_.flush(deliver()); }
  void acknowledged(std::uint32_t at) { reassembler_.acknowledged(first_seq + at); }

  const Feeder& feeder() const { return feeder_; }
  const std::string& delivered() const { return delivered_; }
  bool has_hole() const { return reassembler_.has_hole(); }

 private:
  Reassembler::Deliver deliver() {
    return [this](const Piece& piece) {
      feeder_.segment_at(piece.seq, piece.payload);
      delivered_ += piece.payload;
    };
  }

  Reassembler reassembler_;
  Feeder feeder_;
  std::string delivered_;
};

std::string chat(Dice& dice, Counts& truth) {
  StreamBuilder stream;
  for (int i = 0; i < 60; ++i) {
    const MessageShape shape{.fragment = dice.one_in(3) ? 40U : SIZE_MAX,
                             .pings_between = dice.one_in(2)};
    stream.message(dice.bytes(dice.between(0, dice.one_in(9) ? 3000 : 150)), shape);
  }
  truth = stream.truth();
  return stream.bytes();
}

// Segments with random borders, some twice, some of them overlapping with their neighbours.
std::vector<std::pair<std::uint32_t, std::string_view>> cut_up(std::string_view bytes, Dice& dice) {
  std::vector<std::pair<std::uint32_t, std::string_view>> segments;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = dice.between(1, 700);
    const std::size_t back = dice.one_in(4) ? dice.below(std::min<std::size_t>(at, 50) + 1) : 0;
    const std::size_t over = dice.one_in(4) ? dice.below(50) : 0;
    segments.emplace_back(at - back, bytes.substr(at - back, back + size + over));
    if (dice.one_in(5)) segments.push_back(segments[dice.below(segments.size())]);
    at += size;
  }
  return segments;
}

TEST(ReplayReassembler, AnyOrderDuplicatesAndOverlapsCountTheSame) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    Counts truth;
    const std::string bytes = chat(dice, truth);
    auto segments = cut_up(bytes, dice);
    for (std::size_t i = segments.size(); i > 1; --i)
      std::swap(segments[i - 1], segments[dice.below(i)]);
    Stream stream;
    for (const auto& [at, segment] : segments) stream.take(at, segment);
    EXPECT_EQ(stream.feeder().counted(), truth);
    EXPECT_EQ(stream.feeder().lost_in_all(), 0U);
    EXPECT_EQ(stream.feeder().direction().next_seq,
              static_cast<std::uint32_t>(first_seq + bytes.size()));
    EXPECT_FALSE(stream.has_hole());
  }
}

TEST(ReplayReassembler, ASegmentPastAHoleWaitsForIt) {
  Stream stream;
  stream.take(0, "ab");
  stream.take(4, "ef");
  EXPECT_EQ(stream.delivered(), "ab");
  stream.take(2, "cd");
  EXPECT_EQ(stream.delivered(), "abcdef");
}

TEST(ReplayReassembler, AHoleThatTheReceiverHasConfirmedIsGivenUpSoon) {
  Stream stream;
  stream.take(0, "ab", 1s);
  stream.take(4, "ef", 1s);
  stream.acknowledged(6);
  stream.expire(1199ms);
  EXPECT_EQ(stream.delivered(), "ab");
  stream.expire(1200ms);
  EXPECT_EQ(stream.delivered(), "abef");
  stream.take(2, "cd", 2s);  // too late
  EXPECT_EQ(stream.delivered(), "abef");
}

TEST(ReplayReassembler, AnotherHoleIsGivenUpLate) {
  Stream stream;
  stream.take(0, "ab", 1s);
  stream.acknowledged(2);
  stream.take(4, "ef", 1s);
  stream.expire(30999ms);
  EXPECT_EQ(stream.delivered(), "ab");
  stream.expire(31s);
  EXPECT_EQ(stream.delivered(), "abef");
}

TEST(ReplayReassembler, WhatIsHeldIsBounded) {
  const std::string block(64 * 1024, 'x');
  Stream bytes;
  for (std::uint32_t i = 0; i <= Reassembler::held_bytes_max / block.size(); ++i) {
    EXPECT_EQ(bytes.delivered().size(), 0U);
    bytes.take(1 + i * static_cast<std::uint32_t>(block.size()), block);
  }
  EXPECT_EQ(bytes.delivered().size(), Reassembler::held_bytes_max + block.size());
  Stream pieces;
  for (std::uint32_t i = 0; i <= Reassembler::held_pieces_max; ++i) pieces.take(2 + 2 * i, "y");
  EXPECT_EQ(pieces.delivered(), "y");
}

TEST(ReplayReassembler, WhatIsMissingIsNamedAndTheRestIsWalked) {
  StreamBuilder stream;
  stream.message("one");
  stream.message("two");
  stream.message(std::string(300, 'x'));
  const auto& at = stream.borders();
  const std::string& bytes = stream.bytes();

  Stream header;
  header.take(0, std::string_view(bytes).substr(0, at[1]));
  header.take(static_cast<std::uint32_t>(at[2]), std::string_view(bytes).substr(at[2]));
  header.flush();
  EXPECT_EQ(header.feeder().counted().events, 1U);
  EXPECT_EQ(header.feeder().lost(FANFARE_LOSS_EGRESS_HOLE), 1U);

  Stream payload;
  payload.take(0, std::string_view(bytes).substr(0, at[2] + 10));
  payload.take(static_cast<std::uint32_t>(at[2]) + 200,
               std::string_view(bytes).substr(at[2] + 200));
  payload.flush();
  EXPECT_EQ(payload.feeder().counted(), stream.truth());
  EXPECT_EQ(payload.feeder().lost_in_all(), 0U);
}

TEST(ReplayReassembler, WhatLiesBeyondAnyWindowIsNotOfThisStream) {
  Stream stream;
  stream.take((1U << 30) + 1, "far");
  EXPECT_FALSE(stream.has_hole());
  stream.take(0, "ab");
  EXPECT_EQ(stream.delivered(), "ab");
}

}  // namespace
}  // namespace fanfare
