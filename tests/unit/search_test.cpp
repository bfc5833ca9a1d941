// SPDX-License-Identifier: Apache-2.0
// Attached in the middle of a stream: how often a search locks at a wrong place, what becomes of
// it, and how long a right lock takes. Seeds are fixed, so the printed figures are the same each
// time; the bounds are what was measured, with room where a change of the rules may move them.
#include <gmock/gmock.h>

#include "tests/support/foreign.h"
#include "tests/support/payloads.h"
#include "tests/support/trials.h"

namespace fanfare::test {
namespace {

std::string deflated_json(Dice& dice) { return deflated(multilingual_json(dice)); }

struct Benign {
  Traffic traffic;
  std::size_t p95;           // frames until the lock
  std::size_t without_lock;  // trials
};

void PrintTo(const Benign& benign, std::ostream* out) { *out << benign.traffic.name; }

class BenignTraffic : public testing::TestWithParam<Benign> {};

// 9 kinds of 800 trials each.
TEST_P(BenignTraffic, NeverLocksAtAWrongPlace) {
  const Tried tried = try_often(GetParam().traffic, 40, 20);
  print(GetParam().traffic.name, tried);
  EXPECT_EQ(tried.trials, 800U);
  EXPECT_EQ(tried.locks.wrong, 0U);
  EXPECT_EQ(tried.locks.broken, 0U);
  EXPECT_EQ(tried.locks.right + tried.without_lock, tried.trials) << "each locks once";
  EXPECT_LE(tried.until_lock(95), GetParam().p95);
  EXPECT_LE(tried.without_lock, GetParam().without_lock);
}

INSTANTIATE_TEST_SUITE_P(
    Payloads, BenignTraffic,
    testing::Values(
        Benign{{"AsciiJson", ascii_json, {}}, 30, 0},
        Benign{{"MultilingualJson", multilingual_json, {}}, 15, 0},
        Benign{{"RandomBinary", random_binary, {.opcode = binary}}, 100, 10},
        Benign{{"SmallIntegers", small_integers, {.opcode = binary}}, 15, 0},
        Benign{{"ZeroPadded", zero_padded, {.opcode = binary}}, 15, 0},
        Benign{{"Deflate", deflated_json, {.rsv = 4}}, 30, 24},
        Benign{{"MaskedJson", multilingual_json, {.masked = true}}, 20, 10},
        Benign{{"MaskedBinary", random_binary, {.opcode = binary, .masked = true}}, 100, 10},
        Benign{{"Fragments", multilingual_json, {.fragment = 100}}, 30, 0}),
    [](const auto& parameter) { return parameter.param.traffic.name; });

// Bare text of the characters whose UTF-8 holds the bytes 0x80 to 0x82, which look most like
// headers. Wrong locks happen (31 in 800 entries); they are recognised before they have kept a
// single count.
TEST(HostileTraffic, TextOfContinuationBytesKeepsNoWrongCount) {
  const Tried tried = try_often({"ContinuationBytes", multilingual_text, {}}, 40, 20);
  print("ContinuationBytes", tried);
  EXPECT_GT(tried.locks.wrong, 0U) << "hostile enough to be a test";
  EXPECT_LE(tried.locks.wrong, tried.trials / 20);
  EXPECT_EQ(tried.locks.wrong, tried.locks.voided + tried.locks.named);
  EXPECT_EQ(tried.locks.wrong_frames, 0U);
  EXPECT_EQ(tried.locks.broken, 0U);
}

TEST(HostileTraffic, EndlessHeadersInBinaryDoNotHarm) {
  const Tried tried = try_often({"EndlessHeaders", endless_headers, {.opcode = binary}}, 40, 20);
  print("EndlessHeaders", tried);
  EXPECT_EQ(tried.locks.wrong, 0U);
  EXPECT_EQ(tried.locks.right, tried.trials);
}

// As text it is no UTF-8 and no server may send it; the search then never locks, and says so by
// staying unsynced.
TEST(HostileTraffic, EndlessHeadersInTextKeepItUnsynced) {
  const Tried tried = try_often({"EndlessHeadersInText", endless_headers, {}}, 40, 20);
  print("EndlessHeadersInText", tried);
  EXPECT_EQ(tried.locks.right + tried.locks.wrong, 0U);
}

// Six nested frames lock, and up to ten more are on probation: nothing of them is kept.
TEST(HostileTraffic, UpToFifteenNestedFramesAreTakenBack) {
  const auto payload = [](Dice& dice) { return nested_frames(dice, dice.between(1, 15)); };
  const Tried tried = try_often({"NestedTo15", payload, {}}, 40, 20);
  print("NestedTo15", tried);
  EXPECT_GT(tried.locks.voided, tried.trials / 10) << "hostile enough to be a test";
  EXPECT_EQ(tried.locks.wrong, tried.locks.voided + tried.locks.named);
  EXPECT_EQ(tried.locks.wrong_frames, 0U);
  EXPECT_GT(tried.locks.voided_messages, 0U);
  EXPECT_EQ(tried.locks.broken, 0U);
}

// Longer sequences outlast the probation. What they counted stays wrong, at most what they hold
// beyond the six, and each ends in a loss with a name. This is the limit of a search without
// looking into payloads; only traffic made for it gets here.
TEST(HostileTraffic, LongerNestingIsWrongByNameAndBounded) {
  const auto payload = [](Dice& dice) { return nested_frames(dice, dice.between(1, 20)); };
  const Tried tried = try_often({"NestedTo20", payload, {}}, 40, 20);
  print("NestedTo20", tried);
  EXPECT_GT(tried.locks.wrong_frames, 0U) << "hostile enough to be a test";
  EXPECT_LE(tried.locks.wrong_frames, tried.locks.named * (20 - FANFARE_LOCK_FRAMES));
  EXPECT_EQ(tried.locks.wrong, tried.locks.voided + tried.locks.named);
  EXPECT_EQ(tried.locks.broken, 0U);
  EXPECT_GE(tried.locks.right + tried.without_lock, tried.trials) << "the right lock follows";
}

// A payload that is frames and nothing else cannot be told from frames: it is counted as such until
// the true frame ends, and from there on rightly, without a loss.
TEST(HostileTraffic, APayloadOfFramesOnlyConverges) {
  const auto payload = [](Dice& dice) {
    std::string out;
    for (std::size_t i = dice.between(1, 20); i > 0; --i)
      out += wire({text, std::string(dice.between(1, 20), 'x')});
    return out;
  };
  const Tried tried = try_often({"FramesInFrames", payload, {.opcode = binary}}, 40, 20);
  print("FramesInFrames", tried);
  EXPECT_GT(tried.locks.converged, 0U);
  EXPECT_EQ(tried.locks.wrong, tried.locks.converged);
  EXPECT_LE(tried.locks.wrong_frames, tried.locks.converged * (20 - FANFARE_LOCK_FRAMES));
  EXPECT_EQ(tried.locks.broken, 0U);
}

struct Foreign {
  const char* name;
  std::string (*stream)(Dice&);
};

void PrintTo(const Foreign& foreign, std::ostream* out) { *out << foreign.name; }

class ForeignTraffic : public testing::TestWithParam<Foreign> {};

// 200 streams of 20 kB or more, each read as server's and as client's side.
TEST_P(ForeignTraffic, CountsNothingThatStays) {
  Locks all;
  for (const unsigned flags : {0U, unsigned{FANFARE_MASKED}}) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Dice dice(seed);
      const Trial trial(GetParam().stream(dice), {}, flags);
      all += trial.locks();
      EXPECT_EQ(trial.counted(), Counts{});
    }
  }
  print(GetParam().name, all);
  EXPECT_LE(all.wrong, 8U) << "of 400 streams";
  EXPECT_EQ(all.wrong, all.voided + all.named);
  EXPECT_EQ(all.right + all.standing, 0U);
  EXPECT_EQ(all.wrong_frames, 0U);
}

INSTANTIATE_TEST_SUITE_P(Protocols, ForeignTraffic,
                         testing::Values(Foreign{"Tls", tls_records}, Foreign{"Http", http_bodies},
                                         Foreign{"Postgres", postgres_rows},
                                         Foreign{"Http2", http2_frames},
                                         Foreign{"Random", random_bytes}, Foreign{"Zeros", zeros},
                                         Foreign{"Samples", samples}),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace fanfare::test
