// SPDX-License-Identifier: Apache-2.0
// Byte streams that real servers sent, the 101 included. The truth was established once by two
// decoders that are none of ours: the frame parser of Python `websockets` 17.4 (frames, FIN and
// opcodes added up) and `wsproto` 1.3.2 (messages and control frames); they agree on each.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

struct Capture {
  const char* file;
  Counts truth;
};

void PrintTo(const Capture& capture, std::ostream* out) { *out << capture.file; }

class Captures : public testing::TestWithParam<Capture> {
 protected:
  static std::string read(const char* file) {
    const std::string path = std::string(FANFARE_SOURCE_DIR "/tests/captures/") + file;
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static void expect_truth(const Feeder& feeder) {
    EXPECT_EQ(feeder.counted(), GetParam().truth);
    EXPECT_EQ(feeder.lost_in_all(), 0U);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
    EXPECT_EQ(feeder.direction().skip, 0U);
    EXPECT_EQ(feeder.direction().ncarry, 0U);
  }
};

TEST_P(Captures, CountWhole) {
  Feeder feeder(fresh_server());
  feeder.segment(read(GetParam().file));
  expect_truth(feeder);
}

TEST_P(Captures, CountByteByByte) {
  Feeder feeder(fresh_server());
  feeder.bytewise(read(GetParam().file));
  expect_truth(feeder);
}

TEST_P(Captures, CountInRandomPieces) {
  const std::string stream = read(GetParam().file);
  for (const std::size_t longest : {7, 40, 9000}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE(testing::Message() << "longest " << longest << ", seed " << seed);
      Feeder feeder(fresh_server());
      feeder.random_pieces(stream, longest, seed);
      expect_truth(feeder);
    }
  }
}

// Every second piece is sent again with its neighbours, as a retransmission would.
TEST_P(Captures, CountDespiteRetransmissions) {
  const std::string stream = read(GetParam().file);
  Feeder feeder(fresh_server(0xffffff00U));
  Dice dice(7);
  for (std::size_t at = 0; at < stream.size();) {
    const std::string piece = stream.substr(at, dice.between(1, 3000));
    feeder.segment(piece);
    at += piece.size();
    const std::size_t back = dice.below(std::min<std::size_t>(at, 5000)) + 1;
    const auto from = static_cast<std::uint32_t>(at - back);
    feeder.segment_at(0xffffff00U + from, std::string_view(stream).substr(from, back));
  }
  expect_truth(feeder);
  EXPECT_EQ(fanfare_bytes_passed(&feeder.direction()), stream.size());
}

// Among them: Beast cuts 70,000 B into 18 frames of one message, and sends them once more as one
// frame; gorilla ends three of its messages with an empty FIN; `ws` compresses all but the ping.
INSTANTIATE_TEST_SUITE_P(Servers, Captures,
                         testing::Values(Capture{"ws-beast.00.bin", {24, 5, 145529, 1, 0}},
                                         Capture{"ws-gorilla.00.bin", {14, 9, 120650, 1, 0}},
                                         Capture{"ws-node-pmd.00.bin", {11, 10, 188, 1, 0}},
                                         Capture{"socketio.00.bin", {11, 11, 274, 0, 0}},
                                         Capture{"nats-2.9.10-ws.00.bin", {8, 7, 509, 1, 15}}),
                         [](const auto& parameter) {
                           std::string name = parameter.param.file;
                           for (char& letter : name)
                             if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
                           return name;
                         });

// The 18 frames of Beast's first 70,000 bytes alone, by their place in the capture.
TEST(BeastCapture, EighteenFramesOneMessage) {
  std::ifstream in(FANFARE_SOURCE_DIR "/tests/captures/ws-beast.00.bin", std::ios::binary);
  const std::string stream{std::istreambuf_iterator<char>(in), {}};
  const std::size_t before = 154 + 31 + 504 + 4100 + 908;
  const std::size_t fragmented = 17 * 4100 + 372;
  Feeder feeder(in_step());
  feeder.segment(std::string_view(stream).substr(before, fragmented));
  EXPECT_EQ(feeder.counted(), (Counts{18, 1, 70000, 0, 0}));
}

}  // namespace
}  // namespace fanfare::test
