// SPDX-License-Identifier: Apache-2.0
// The marks between written and acknowledged, against a list that remembers every message.
#include "bpf/framers/acks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <deque>
#include <random>

namespace {

using Counts = std::array<__u64, FANFARE_FATE_COUNT>;

void push(fanfare_acks& acks, std::uint32_t end, __u64 events, __u64 others = 0,
          std::uint32_t sent = 0) {
  const __u64 counts[FANFARE_FATE_COUNT] = {events, others};
  acks_push(&acks, end, sent, counts);
}

Counts waiting(const fanfare_acks& acks) {
  Counts sum{};
  for (unsigned i = 0; i < acks.count; ++i)
    for (std::size_t kind = 0; kind < sum.size(); ++kind)
      sum[kind] += acks.marks[(acks.first + i) % FANFARE_MARKS].messages[kind];
  return sum;
}

void expect_balance(const fanfare_acks& acks) {
  const auto held = waiting(acks);
  for (std::size_t kind = 0; kind < held.size(); ++kind)
    EXPECT_EQ(acks.written[kind], acks.acked[kind] + held[kind]);
}

TEST(Acks, AMarkIsPoppedByItsLastByteAndNotBefore) {
  fanfare_acks acks{};
  push(acks, 1000, 3, 1);
  acks_pop(&acks, 999, 0);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], 0U);
  acks_pop(&acks, 1000, 0);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], 3U);
  EXPECT_EQ(acks.acked[FANFARE_FATE_OTHER], 1U);
  EXPECT_EQ(acks.count, 0);
  EXPECT_EQ(acks.acked_seq, 1000U);
}

// So that few marks stay on one cache line, however many came before them.
TEST(Acks, TheRingBeginsAnewWhereNoneWaits) {
  fanfare_acks acks{};
  for (std::uint32_t i = 1; i <= 5; ++i) push(acks, 100 * i, 1);
  acks_pop(&acks, 400, 0);
  EXPECT_EQ(acks.first, 4);
  acks_pop(&acks, 500, 0);
  EXPECT_EQ(acks.first, 0);
  push(acks, 600, 1);
  EXPECT_EQ(acks.marks[0].end_seq, 600U);
}

TEST(Acks, ACumulativeAckPopsAllThatItCovers) {
  fanfare_acks acks{};
  for (std::uint32_t i = 1; i <= FANFARE_MARKS; ++i) push(acks, 100 * i, 1);
  acks_pop(&acks, 350, 0);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], 3U);
  acks_pop(&acks, 100 * FANFARE_MARKS + 1, 0);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], static_cast<__u64>(FANFARE_MARKS));
}

TEST(Acks, OverflowMergesIntoTheNewestAndLosesNothing) {
  fanfare_acks acks{};
  for (std::uint32_t i = 1; i <= 3 * FANFARE_MARKS; ++i) push(acks, 100 * i, 1, 2, i);
  EXPECT_EQ(acks.count, FANFARE_MARKS);
  expect_balance(acks);
  acks_pop(&acks, 100 * (FANFARE_MARKS - 1), 0);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], static_cast<__u64>(FANFARE_MARKS - 1));
  EXPECT_EQ(acks.marks[acks.first].sent, static_cast<__u32>(FANFARE_MARKS)) << "keeps its time";
  acks_pop(&acks, 100 * 3 * FANFARE_MARKS - 1, 0);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], static_cast<__u64>(FANFARE_MARKS - 1));
  acks_pop(&acks, 100 * 3 * FANFARE_MARKS, 0);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], 3ULL * FANFARE_MARKS);
  EXPECT_EQ(acks.acked[FANFARE_FATE_OTHER], 6ULL * FANFARE_MARKS);
}

// Ten a round trip and more: the newest mark holds messages of many send times, and has none.
TEST(Acks, WhatWasMergedIsNotTimed) {
  fanfare_acks acks{};
  for (std::uint32_t i = 1; i <= 3 * FANFARE_MARKS; ++i) push(acks, 100 * i, 1, 0, 1000 * i);
  acks_pop(&acks, 100 * 3 * FANFARE_MARKS, 3000 * FANFARE_MARKS);
  EXPECT_EQ(acks.acked[FANFARE_FATE_EVENT], 3ULL * FANFARE_MARKS);
  __u64 timed = 0, ticks = 0;
  for (const __u32 events : acks.event_times) timed += events;
  for (std::uint32_t i = 1; i < FANFARE_MARKS; ++i) ticks += 3000 * FANFARE_MARKS - 1000 * i;
  EXPECT_EQ(timed, FANFARE_MARKS - 1U);
  EXPECT_EQ(acks.event_ticks, ticks);
  push(acks, 100000, 1, 0, 1000000);
  acks_pop(&acks, 100000, 1000100);
  EXPECT_EQ(acks.event_times[7 - FANFARE_ACK_BUCKET_0], 1U) << "the place is a timed one again";
}

TEST(Acks, NumbersThatCannotBeAreNotBelieved) {
  fanfare_acks acks{};
  push(acks, 5000, 1);
  EXPECT_TRUE(acks_may_cover(&acks, 5000, 5000));
  EXPECT_TRUE(acks_may_cover(&acks, 5000, 5001)) << "the FIN behind it";
  EXPECT_FALSE(acks_may_cover(&acks, 5000, 5002)) << "not sent yet";
  EXPECT_FALSE(acks_may_cover(&acks, 5000, 5000 + 0x7fffffffU));
  acks_pop(&acks, 5000, 0);
  push(acks, 6000, 1);
  EXPECT_FALSE(acks_may_cover(&acks, 6000, 5000)) << "old";
  EXPECT_FALSE(acks_may_cover(&acks, 6000, 4000)) << "older";
  EXPECT_TRUE(acks_may_cover(&acks, 6000, 5500));
}

TEST(Acks, NothingIsTakenWhileALockIsOnProbation) {
  fanfare_acks acks{};
  fanfare_direction out{};
  __u64 counts[FANFARE_FATE_COUNT] = {};
  out.probation = 4;
  out.tally.frames = 6;
  out.tally.by_class[FANFARE_EVENT].messages = 5;
  out.tally.by_class[FANFARE_CONTROL].messages = 1;
  EXPECT_FALSE(acks_take_written(&acks, &out, counts));
  out.probation = 0;
  EXPECT_TRUE(acks_take_written(&acks, &out, counts));
  EXPECT_EQ(counts[FANFARE_FATE_EVENT], 5U);
  EXPECT_EQ(counts[FANFARE_FATE_OTHER], 1U);
}

TEST(Acks, OtherMessagesAreTakenOfEveryClass) {
  fanfare_acks acks{};
  fanfare_direction out{};
  __u64 counts[FANFARE_FATE_COUNT] = {};
  out.tally.frames = 10;
  out.tally.by_class[FANFARE_EVENT].messages = 4;
  out.tally.by_class[FANFARE_HEARTBEAT].messages = 1;
  out.tally.by_class[FANFARE_CONTROL].messages = 2;
  out.tally.by_class[FANFARE_OTHER].messages = 3;
  ASSERT_TRUE(acks_take_written(&acks, &out, counts));
  EXPECT_EQ(counts[FANFARE_FATE_EVENT], 4U);
  EXPECT_EQ(counts[FANFARE_FATE_OTHER], 6U);
}

TEST(Acks, BucketsAreRightToAFactorOfTwo) {
  for (std::uint64_t ticks = 0; ticks <= UINT32_MAX; ticks = ticks * 9 / 8 + 1) {
    const int bits = std::bit_width(ticks);
    EXPECT_EQ(static_cast<int>(acks_bucket(static_cast<__u32>(ticks))),
              std::clamp(bits - FANFARE_ACK_BUCKET_0, 0, FANFARE_ACK_BUCKETS - 1))
        << ticks;
  }
}

TEST(Acks, TimesAreCountedForEachEvent) {
  fanfare_acks acks{};
  push(acks, 100, 3, 5, 1000);
  push(acks, 200, 1, 0, 1000);
  acks_pop(&acks, 100, 1100);  // 100 ticks: 7 bits
  acks_pop(&acks, 200, 900);   // a clock that seems to go back
  EXPECT_EQ(acks.event_times[7 - FANFARE_ACK_BUCKET_0], 3U);
  EXPECT_EQ(acks.event_times[0], 1U);
  EXPECT_EQ(acks.event_ticks, 300U);
}

// A message and where its last byte is, in a stream that never wraps.
struct Sent {
  std::uint64_t end;
  std::size_t kind;
};

// Whatever is sent and acknowledged, in whatever order ACKs come: nothing is acknowledged that the
// list does not have as acknowledged, all of it is when everything is, and the sums hold always.
TEST(Acks, AgreesWithAListThatRemembersEverything) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 dice(seed);
    const auto throw_to = [&](std::uint64_t n) { return dice() % n; };
    const auto base = static_cast<std::uint32_t>(dice());  // sequence numbers wrap for some
    fanfare_acks acks{};
    std::deque<Sent> unacked;
    std::uint64_t sent = 0, covered = 0;
    Counts truth{};
    for (int step = 0; step < 2000; ++step) {
      if (throw_to(3)) {
        Counts counts{throw_to(4), throw_to(3)};
        if (!(counts[0] | counts[1])) continue;
        sent += 1 + throw_to(100'000'000);
        push(acks, base + static_cast<std::uint32_t>(sent), counts[0], counts[1]);
        for (std::size_t kind = 0; kind < counts.size(); ++kind)
          for (__u64 i = 0; i < counts[kind]; ++i) unacked.push_back({sent, kind});
      } else {
        if (sent - covered > 0x30000000) covered = sent - throw_to(1000);
        const auto ack = throw_to(5) ? covered + throw_to(sent - covered + 1) : covered;
        covered = std::max(covered, ack);
        const auto number = base + static_cast<std::uint32_t>(ack);
        if (acks_may_cover(&acks, base + static_cast<std::uint32_t>(sent), number))
          acks_pop(&acks, number, 0);
        for (; !unacked.empty() && unacked.front().end <= covered; unacked.pop_front())
          ++truth[unacked.front().kind];
      }
      expect_balance(acks);
      for (std::size_t kind = 0; kind < truth.size(); ++kind)
        ASSERT_LE(acks.acked[kind], truth[kind]) << "seed " << seed << " step " << step;
    }
    const auto all = base + static_cast<std::uint32_t>(sent);
    if (acks_may_cover(&acks, all, all)) acks_pop(&acks, all, 0);
    for (std::size_t kind = 0; kind < truth.size(); ++kind)
      EXPECT_EQ(acks.acked[kind], acks.written[kind]) << "seed " << seed;
    EXPECT_EQ(acks.count, 0);
  }
}

}  // namespace
