// SPDX-License-Identifier: Apache-2.0
// The rules of RFC 6455 and RFC 7692 for a direction in step: what is counted, when, and which
// headers lose step. Searching is in search_test, sequence numbers are in admit_test.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/frames.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {
namespace {

Counts counted(std::string_view bytes, unsigned flags = 0) {
  Feeder feeder(in_step(flags));
  feeder.segment(bytes);
  return feeder.counted();
}

TEST(WebSocket, CountsFramesOfEachOpcode) {
  EXPECT_EQ(counted(wire({text, "hello"})), (Counts{1, 1, 5, 0, 0}));
  EXPECT_EQ(counted(wire({binary, "hello"})), (Counts{1, 1, 5, 0, 0}));
  EXPECT_EQ(counted(wire({ping, "hi"})), (Counts{1, 0, 0, 1, 2}));
  EXPECT_EQ(counted(wire({pong, ""})), (Counts{1, 0, 0, 1, 0}));
  EXPECT_EQ(counted(wire({close, "\x03\xe8"})), (Counts{1, 0, 0, 1, 2}));
  EXPECT_EQ(counted(wire({text, ""})), (Counts{1, 1, 0, 0, 0}));
}

TEST(WebSocket, CountsEachLengthForm) {
  for (const std::size_t length : {0, 1, 125, 126, 127, 65535, 65536, 70000}) {
    SCOPED_TRACE(length);
    const std::string payload(length, 'x');
    EXPECT_EQ(counted(wire({text, payload}) + wire({ping, "p"})), (Counts{2, 1, length, 1, 1}));
  }
}

// The RFC forbids a longer form than needed, but a server that sends it is in step all the same.
TEST(WebSocket, CountsLengthsThatAreNotMinimal) {
  EXPECT_EQ(counted(wire({.payload = "five5", .form = LengthForm::sixteen})),
            (Counts{1, 1, 5, 0, 0}));
  EXPECT_EQ(counted(wire({.payload = "five5", .form = LengthForm::sixty_four})),
            (Counts{1, 1, 5, 0, 0}));
}

TEST(WebSocket, CountsMaskedFramesWithoutTheirKeys) {
  for (const std::size_t length : {0, 5, 126, 66000}) {
    SCOPED_TRACE(length);
    const std::string payload(length, 'x');
    EXPECT_EQ(counted(wire({.payload = payload, .masked = true}), FANFARE_MASKED),
              (Counts{1, 1, length, 0, 0}));
  }
}

TEST(WebSocket, CountsAMessageOfFragmentsOnce) {
  StreamBuilder stream;
  stream.message(std::string(1000, 'x'), {.fragment = 100});
  EXPECT_EQ(counted(stream.bytes()), (Counts{10, 1, 1000, 0, 0}));
}

TEST(WebSocket, CountsControlFramesBetweenFragments) {
  StreamBuilder stream;
  stream.message(std::string(1000, 'x'), {.fragment = 100, .pings_between = true});
  EXPECT_EQ(counted(stream.bytes()), (Counts{19, 1, 1000, 9, 9 * 7}));
}

TEST(WebSocket, CountsAMessageThatEndsWithAnEmptyFrame) {
  StreamBuilder stream;
  stream.message(std::string(20000, 'x'), {.fragment = 20000, .empty_end = true});
  EXPECT_EQ(counted(stream.bytes()), (Counts{2, 1, 20000, 0, 0}));
}

// Byte by byte, so that the very byte is seen at which it counts.
TEST(WebSocket, CountsAMessageWhenItsLastByteHasPassed) {
  StreamBuilder stream;
  stream.message("a message of some length", {.fragment = 10, .pings_between = true});
  Feeder feeder(in_step());
  const std::string_view bytes = stream.bytes();
  feeder.bytewise(bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(feeder.counted(), (Counts{4, 0, 0, 2, 14}));
  feeder.segment(bytes.substr(bytes.size() - 1));
  EXPECT_EQ(feeder.counted(), (Counts{5, 1, 24, 2, 14}));
}

TEST(WebSocket, CountsAFrameWhenItsLastByteHasPassed) {
  const std::string bytes = wire({text, std::string(300, 'x')});
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    Feeder feeder(in_step());
    feeder.segment(std::string_view(bytes).substr(0, cut));
    EXPECT_EQ(feeder.counted(), Counts{});
    feeder.segment(std::string_view(bytes).substr(cut));
    EXPECT_EQ(feeder.counted(), (Counts{1, 1, 300, 0, 0}));
  }
}

TEST(WebSocket, CountsAHeaderSplitAtEveryPosition) {
  StreamBuilder stream;
  for (const bool masked : {false, true}) {
    const unsigned flags = masked ? FANFARE_MASKED : 0;
    const std::string bytes = wire({.payload = std::string(70000, 'x'), .masked = masked}) +
                              wire({.payload = std::string(200, 'x'), .masked = masked}) +
                              wire({.opcode = ping, .payload = "p", .masked = masked});
    for (std::size_t first = 1; first < 15; ++first) {
      for (std::size_t second = first + 1; second < 16; ++second) {
        SCOPED_TRACE(testing::Message() << masked << " " << first << " " << second);
        Feeder feeder(in_step(flags));
        feeder.segment(std::string_view(bytes).substr(0, first));
        feeder.segment(std::string_view(bytes).substr(first, second - first));
        feeder.segment(std::string_view(bytes).substr(second));
        EXPECT_EQ(feeder.counted(), (Counts{3, 2, 70200, 1, 1}));
      }
    }
  }
}

TEST(WebSocket, AllowsCompressionWhereItWasNegotiated) {
  StreamBuilder stream;
  stream.message("compressed", {.fragment = 4, .rsv = 4});
  EXPECT_EQ(counted(stream.bytes(), FANFARE_DEFLATE), (Counts{3, 1, 10, 0, 0}));
  EXPECT_EQ(counted(stream.bytes(), FANFARE_DEFLATE_UNKNOWN), (Counts{3, 1, 10, 0, 0}));
}

struct Illegal {
  const char* name;
  std::string bytes;
  unsigned flags = 0;
};

void PrintTo(const Illegal& illegal, std::ostream* out) { *out << illegal.name; }

class IllegalHeader : public testing::TestWithParam<Illegal> {};

// One good frame stands before, so that "nothing counted" cannot be mistaken for "nothing works".
TEST_P(IllegalHeader, LosesStepAndCountsNothingFromIt) {
  const bool masked = GetParam().flags & FANFARE_MASKED;
  const std::string bytes =
      wire({.payload = "good", .masked = masked}) + GetParam().bytes + std::string(20, '\x7f');
  const auto check = [](const Feeder& feeder) {
    EXPECT_EQ(feeder.counted(), (Counts{1, 1, 4, 0, 0}));
    EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
    EXPECT_EQ(feeder.lost_in_all(), 1U);
    EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
    EXPECT_EQ(feeder.direction().lost_by, FANFARE_LOSS_BAD_FRAME);
  };
  Feeder whole(in_step(GetParam().flags));
  whole.segment(bytes);
  check(whole);
  Feeder bytewise(in_step(GetParam().flags));
  bytewise.bytewise(bytes);
  check(bytewise);
}

const std::string open_message = "\x01\x02hi";  // its frame counts, and is legal

INSTANTIATE_TEST_SUITE_P(
    Rfc6455, IllegalHeader,
    testing::Values(Illegal{"Rsv2", wire({.payload = "bad", .rsv = 2})},
                    Illegal{"Rsv3", wire({.payload = "bad", .rsv = 1})},
                    Illegal{"Rsv2WithDeflate", wire({.payload = "bad", .rsv = 2}), FANFARE_DEFLATE},
                    Illegal{"Rsv1WithoutDeflate", wire({.payload = "bad", .rsv = 4})},
                    Illegal{"Rsv1OnPing", wire({.opcode = ping, .rsv = 4}), FANFARE_DEFLATE},
                    Illegal{"PingFragmented", wire({.opcode = ping, .fin = false})},
                    Illegal{"CloseFragmented", wire({.opcode = close, .fin = false})},
                    Illegal{"PingOver125", std::string("\x89\x7e\x00\x7e", 4)},
                    Illegal{"PongWithLength64", "\x8a\x7f"}, Illegal{"Opcode3", "\x83\x02hi"},
                    Illegal{"Opcode4", "\x84\x02hi"}, Illegal{"Opcode5", "\x85\x02hi"},
                    Illegal{"Opcode6", "\x86\x02hi"}, Illegal{"Opcode7", "\x87\x02hi"},
                    Illegal{"Opcode11", "\x8b\x02hi"}, Illegal{"Opcode12", "\x8c\x02hi"},
                    Illegal{"Opcode13", "\x8d\x02hi"}, Illegal{"Opcode14", "\x8e\x02hi"},
                    Illegal{"Opcode15", "\x8f\x02hi"},
                    Illegal{"ContinuationOfNothing", wire({.opcode = continuation})},
                    Illegal{"ServerMasks", wire({.payload = "bad", .masked = true})},
                    Illegal{"ClientDoesNotMask", wire({.payload = "bad"}), FANFARE_MASKED},
                    Illegal{"Length64TopBit", std::string("\x82\x7f\x80\0\0\0\0\0\0\x05", 10)}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(WebSocket, ANewMessageInsideAnOpenOneLosesStep) {
  Feeder feeder(in_step());
  feeder.segment(open_message + wire({text, "bad"}));
  EXPECT_EQ(feeder.counted(), (Counts{1, 0, 0, 0, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
}

TEST(WebSocket, CompressionOnAContinuationLosesStep) {
  Feeder feeder(in_step(FANFARE_DEFLATE));
  feeder.segment(open_message + wire({continuation, "bad", true, 4}));
  EXPECT_EQ(feeder.counted(), (Counts{1, 0, 0, 0, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
  EXPECT_EQ(feeder.stage(), FANFARE_STAGE_SEARCH);
}

TEST(WebSocket, AContinuationAfterTheEndOfItsMessageLosesStep) {
  Feeder feeder(in_step());
  feeder.segment(open_message + wire({continuation, "end"}) + wire({continuation, "bad"}));
  EXPECT_EQ(feeder.counted(), (Counts{2, 1, 5, 0, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
}

// What a server sends behind its own Close no client reads (RFC 6455 5.5.1): it is named, and
// stands in no other figure. Control frames may still come.
TEST(WebSocket, WhatStandsBehindTheOwnCloseIsNamed) {
  for (const bool masked : {false, true}) {
    SCOPED_TRACE(masked);
    const unsigned flags = masked ? FANFARE_MASKED : 0;
    const auto of = [&](unsigned opcode, std::string_view payload, bool fin = true) {
      return wire({.opcode = opcode, .payload = payload, .fin = fin, .masked = masked});
    };
    const std::string before = of(text, "before") + of(text, "beg", false) + of(close, "\x03\xe8");
    const std::string behind = of(continuation, "un") + of(text, "two") + of(text, "thr", false) +
                               of(ping, "p") + of(continuation, "ee") + of(close, "") +
                               of(binary, std::string(70000, 'x')) + of(text, "");
    const Counts expected{5, 1, 6, 3, 3};
    for (std::size_t cut = 1; cut < before.size() + 40; ++cut) {
      Feeder feeder(in_step(flags));
      feeder.segment((before + behind).substr(0, cut));
      feeder.segment((before + behind).substr(cut));
      EXPECT_EQ(feeder.counted(), expected) << cut;
      EXPECT_EQ(feeder.lost(FANFARE_LOSS_AFTER_CLOSE), 5U) << cut;
      EXPECT_EQ(feeder.lost_in_all(), 5U) << cut;
      EXPECT_EQ(feeder.stage(), FANFARE_STAGE_FRAMES);
    }
    Feeder bytewise(in_step(flags));
    bytewise.bytewise(before + behind);
    EXPECT_EQ(bytewise.counted(), expected);
    EXPECT_EQ(bytewise.lost(FANFARE_LOSS_AFTER_CLOSE), 5U);
  }
}

// The fast way for whole messages is taken only before.
TEST(WebSocket, EachMessageBehindTheOwnCloseIsNamed) {
  std::string behind;
  for (int i = 0; i < 2000; ++i) behind += wire({text, "a message of its own"});
  Feeder feeder(in_step());
  feeder.segment(wire({text, "a message"}) + wire({close, "\x03\xe8"}) + behind);
  feeder.segment(behind);
  EXPECT_EQ(feeder.counted(), (Counts{2, 1, 9, 1, 2}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_AFTER_CLOSE), 4000U);
}

TEST(WebSocket, WhatStandsBehindTheOwnCloseIsNamedBesideABadFrame) {
  Feeder feeder(in_step());
  feeder.segment(wire({close, ""}) + wire({text, "behind"}) + "\xff\xff");
  EXPECT_EQ(feeder.counted(), (Counts{1, 0, 0, 1, 0}));
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_AFTER_CLOSE), 1U);
  EXPECT_EQ(feeder.lost(FANFARE_LOSS_BAD_FRAME), 1U);
}

// While a lock is on probation a Close may be none.
TEST(WebSocket, ACloseOnProbationIsAFrameLikeOthers) {
  fanfare_direction start = in_step();
  start.probation = FANFARE_PROOF_FRAMES;
  Feeder feeder(start);
  feeder.segment(wire({close, ""}));
  for (int i = 0; i < FANFARE_PROOF_FRAMES; ++i) feeder.segment(wire({text, "x"}));
  EXPECT_EQ(feeder.counted().events, FANFARE_PROOF_FRAMES);
  EXPECT_EQ(feeder.lost_in_all(), 0U);
}

// The search that follows must see the bytes behind the bad header as they are, also those that
// were carried over from earlier segments.
TEST(WebSocket, FindsTheWayBackFromEverySplitOfABadLength) {
  StreamBuilder good;
  for (int i = 0; i < 12; ++i) good.message("{\"n\":1}");
  const std::string bad = "\x82\x7f\x81" + std::string("\x03{}{", 4);
  const std::string bytes = bad + good.bytes();
  Feeder whole(in_step());
  whole.segment(bytes);
  // The bad length reaches into the first message, six more lock, five are counted.
  EXPECT_EQ(whole.counted(), (Counts{5, 5, 35, 0, 0}));
  for (std::size_t cut = 1; cut < 20; ++cut) {
    SCOPED_TRACE(cut);
    Feeder split(in_step());
    split.segment(std::string_view(bytes).substr(0, cut));
    split.segment(std::string_view(bytes).substr(cut));
    EXPECT_EQ(split.counted(), whole.counted());
    EXPECT_EQ(split.stage(), whole.stage());
  }
}

}  // namespace
}  // namespace fanfare::test
