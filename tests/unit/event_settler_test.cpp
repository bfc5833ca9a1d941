// SPDX-License-Identifier: Apache-2.0
// When an event is told of, and what of it: once, a settle time after it came due; once more where
// its first copy came later than that; and what a ring that was reused too soon has lost.
#include "agent/kernel/event_settler.h"

#include <gmock/gmock.h>

#include <vector>

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t records = 8;

// A ring as the programs write it, and who reads it.
struct EventSettlerTest : testing::Test {
  std::vector<fanfare_event> ring{records};
  EventSettler settler{records};
  std::uint64_t last = 0;

  fanfare_event& begin(std::uint64_t identity, Monotonic due = 0s) {
    auto& event = ring[++last % records];
    event = {};
    event.ticket = last;
    event.identity = identity;
    event.room = 100 + identity;
    event.due_ns = static_cast<std::uint64_t>(due.count());
    return event;
  }
  std::vector<ToldEvent> at(Monotonic now) {
    std::vector<ToldEvent> told;
    settler.advance(
        now, last,
        [this](std::uint64_t ticket) -> std::optional<fanfare_event> {
          const auto& event = ring[ticket % records];
          if (event.ticket != ticket) return {};
          return event;
        },
        told);
    return told;
  }
  static void copy(fanfare_event& event, std::uint64_t cookie, Monotonic when) {
    if (event.first_copy_ns == 0) event.first_copy_ns = static_cast<std::uint64_t>(when.count());
    event.to[event.copies++] = cookie;
  }
};

TEST_F(EventSettlerTest, TellsOfEachEventOnceASettleTimeAfterItWasDue) {
  copy(begin(1, 10s), 7, 11s);
  begin(2, 12s);
  EXPECT_THAT(at(14s), IsEmpty());
  const auto told = at(15s);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].late);
  EXPECT_EQ(told[0].event.identity, 1u);
  EXPECT_EQ(told[0].event.room, 101u);
  EXPECT_EQ(told[0].event.copies, 1u);
  EXPECT_EQ(told[0].event.to[0], 7u);
  ASSERT_THAT(at(17s), SizeIs(1));
  EXPECT_THAT(at(18s), IsEmpty());
  EXPECT_EQ(settler.overtaken(), 0u);
}

// Published on another node without replication, or made by the server.
TEST_F(EventSettlerTest, WhatIsNeverDueIsNotTold) {
  copy(begin(1), 7, 11s);
  begin(2);
  for (int second = 10; second < 60; ++second) EXPECT_THAT(at(second * 1s), IsEmpty());
  EXPECT_EQ(settler.followed(), 0u) << "left behind by then";
}

// A copy runs ahead of what makes the event due.
TEST_F(EventSettlerTest, MayComeDueLaterThanItsFirstCopy) {
  auto& event = begin(1);
  copy(event, 7, 10s);
  EXPECT_THAT(at(11s), IsEmpty());
  event.due_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(20s).count());
  EXPECT_THAT(at(24s), IsEmpty());
  ASSERT_THAT(at(25s), SizeIs(1));
}

TEST_F(EventSettlerTest, AFirstCopyAfterThatIsLateOnce) {
  auto& event = begin(1, 10s);
  ASSERT_THAT(at(16s), SizeIs(1));
  EXPECT_THAT(at(40s), IsEmpty());
  copy(event, 7, 41s);
  const auto told = at(42s);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].late);
  EXPECT_EQ(told[0].event.room, 101u);
  EXPECT_EQ(told[0].event.first_copy_ns - told[0].event.due_ns, 31'000'000'000u);
  copy(event, 8, 42s);
  EXPECT_THAT(at(43s), IsEmpty());
}

// The maps have forgotten its identity, so the copy has begun it anew.
TEST_F(EventSettlerTest, ALateCopyIsKnownByItsIdentity) {
  begin(1, 10s);
  ASSERT_THAT(at(16s), SizeIs(1));
  copy(begin(1), 7, 41s);
  copy(begin(2), 7, 41s);
  const auto told = at(42s);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].late);
  EXPECT_EQ(told[0].event.first_copy_ns - told[0].event.due_ns, 31'000'000'000u);
  EXPECT_THAT(at(43s), IsEmpty());
}

TEST_F(EventSettlerTest, AfterAMinuteNobodyWaitsForIt) {
  auto& event = begin(1, 10s);
  at(16s);
  EXPECT_THAT(at(71s), IsEmpty());
  copy(event, 7, 71s);
  EXPECT_THAT(at(72s), IsEmpty());
}

TEST_F(EventSettlerTest, ACopyToThePublisherThatRanAheadIsNone) {
  auto& echoed = begin(1, 10s);
  copy(echoed, 5, 9s);
  echoed.publisher = 5;
  auto& spread = begin(2, 10s);
  for (const std::uint64_t cookie : {6, 5, 7}) copy(spread, cookie, 9s);
  spread.publisher = 5;
  const auto told = at(16s);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].event.copies, 0u);
  EXPECT_EQ(told[0].event.first_copy_ns, 0u);
  EXPECT_THAT(told[0].event.to, testing::Each(0u));
  EXPECT_EQ(told[1].event.copies, 2u);
  EXPECT_THAT(told[1].event.to, testing::ElementsAre(6, 7, 0, 0));
  copy(echoed, 8, 17s);
  ASSERT_THAT(at(18s), SizeIs(1)) << "late after all";
}

TEST_F(EventSettlerTest, RecordsThatAreReusedBeforeTheyAreToldAreLost) {
  for (std::uint64_t id = 1; id <= 5; ++id) begin(id, 10s);
  EXPECT_THAT(at(11s), IsEmpty());
  for (std::uint64_t id = 6; id <= 12; ++id) begin(id, 12s);
  EXPECT_THAT(at(15s), SizeIs(1)) << "of the first five one is left";
  EXPECT_EQ(settler.overtaken(), 4u);
  EXPECT_THAT(at(17s), SizeIs(7));
  for (std::uint64_t id = 13; id <= 20; ++id) begin(id, 18s);
  EXPECT_THAT(at(30s), SizeIs(8));
  EXPECT_EQ(settler.overtaken(), 4u) << "those had been told";
  for (std::uint64_t id = 21; id <= 40; ++id) begin(id, 30s);
  EXPECT_THAT(at(31s), IsEmpty());
  EXPECT_EQ(settler.overtaken(), 4u + 12u) << "between two ticks";
}

}  // namespace
}  // namespace fanfare
