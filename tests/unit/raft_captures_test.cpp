// SPDX-License-Identifier: Apache-2.0
// Byte streams of real nodes of hashicorp/raft. 1.5.0: a cluster of three with 200 applies, so that
// each follower gets a no-op and 200 commands. 1.1.2 and 1.8.0: every RPC of the transport's API,
// called with known arguments; the ID of each node is "Entries", an entry's data is "Type".
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/support/raft_decode.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

struct Capture {
  const char* file;
  bool answers;
  Rpcs truth;
};

void PrintTo(const Capture& capture, std::ostream* out) { *out << capture.file; }

class RaftCaptures : public testing::TestWithParam<Capture> {
 protected:
  void SetUp() override {
    const std::string path = std::string(FANFARE_SOURCE_DIR "/tests/captures/") + GetParam().file;
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    stream_ = {std::istreambuf_iterator<char>(in), {}};
  }

  static fanfare_direction start() { return GetParam().answers ? answers() : requests(); }

  static void expect_truth(const Feeder& feeder) {
    EXPECT_EQ(rpcs(feeder.direction()), GetParam().truth);
    EXPECT_EQ(feeder.lost_in_all(), 0U);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_RPC);
    EXPECT_EQ(feeder.direction().skip, 0U);
    EXPECT_EQ(feeder.direction().ncarry, 0U);
  }

  std::string stream_;
};

TEST_P(RaftCaptures, SecondReading) {
  RaftDecoder decoder(stream_, GetParam().answers);
  EXPECT_EQ(decoder.complete(), GetParam().truth);
  EXPECT_FALSE(decoder.cut() || decoder.refused());
}

TEST_P(RaftCaptures, CountWhole) {
  Feeder feeder(start());
  feeder.segment(stream_);
  expect_truth(feeder);
}

TEST_P(RaftCaptures, CountByteByByte) {
  Feeder feeder(start());
  feeder.bytewise(stream_);
  expect_truth(feeder);
}

TEST_P(RaftCaptures, CountInRandomPieces) {
  for (const std::size_t longest : {7, 40, 9000}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE(testing::Message() << "longest " << longest << ", seed " << seed);
      Feeder feeder(start());
      feeder.random_pieces(stream_, longest, seed);
      expect_truth(feeder);
    }
  }
}

constexpr std::uint64_t far = (1ULL << 34) + 300;

Rpcs follower(std::uint64_t append, std::uint64_t empty, std::uint64_t vote) {
  return {.frames = append + empty + vote,
          .append = append,
          .append_empty = empty,
          .vote = vote,
          .entries = 201,
          .commands = 200,
          .first_index = 2,
          .last_index = 202};
}

Rpcs every_call(std::uint64_t votes) {
  return {.frames = 14 + votes,
          .append = 8,
          .append_empty = 1,
          .heartbeat = 3,
          .vote = votes,
          .snapshot = 1,
          .other = 1,
          .entries = 1 + 4 + 5 + 300,
          .commands = 2 + 5 + 300,
          .first_index = 2,
          .last_index = far};
}

INSTANTIATE_TEST_SUITE_P(
    Nodes, RaftCaptures,
    testing::Values(
        Capture{"hashicorp-raft-1.5.0.00.bin", false, follower(5, 92, 1)},
        Capture{"hashicorp-raft-1.5.0.01.bin", false, {.frames = 50, .heartbeat = 49, .vote = 1}},
        Capture{"hashicorp-raft-1.5.0.02.bin", false, follower(6, 86, 0)},
        Capture{"hashicorp-raft-1.5.0.03.bin", false, {.frames = 47, .heartbeat = 47}},
        Capture{"hashicorp-raft-1.5.0.04.bin", true, {.frames = 98, .last_index = 202}},
        Capture{"hashicorp-raft-1.5.0.05.bin", true, {.frames = 47, .last_index = 202}},
        Capture{"hashicorp-raft-1.5.0.06.bin", true, {.frames = 50, .last_index = 202}},
        Capture{"hashicorp-raft-1.5.0.07.bin", true, {.frames = 92, .last_index = 202}},
        Capture{"hashicorp-raft-1.1.2.00.bin", false, every_call(1)},
        Capture{"hashicorp-raft-1.1.2.01.bin", true, {.frames = 15, .last_index = far}},
        Capture{"hashicorp-raft-1.8.0.00.bin", false, every_call(2)},
        Capture{"hashicorp-raft-1.8.0.01.bin", true, {.frames = 16, .last_index = far}}),
    [](const auto& parameter) {
      std::string name = parameter.param.file;
      for (char& letter : name)
        if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
      return name;
    });

}  // namespace
}  // namespace fanfare::test
