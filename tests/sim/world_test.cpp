// SPDX-License-Identifier: Apache-2.0
// The simulated chat is what it is said to be: otherwise its verdicts on the judge are worth
// nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sim/cases.h"
#include "tests/sim/chat_world.h"

namespace fanfare::sim {
namespace {

constexpr Second an_hour = 3600;

TEST(ChatWorld, SocketsThatOpenedAndClosedAreThoseThatAreThere) {
  WorldShape shape = shape_of(5);
  ChatWorld world(shape,
                  {{.kind = Kind::storm, .begin = 600, .end = 660, .amount = .9},
                   {.kind = Kind::restart, .begin = 1800, .end = 1830},
                   {.kind = Kind::drain, .begin = 2400, .end = 3000, .more = 300}},
                  1);
  std::uint64_t before = world.advance().front().sockets_synced;
  std::set<SocketId> gone;
  for (Second i = 0; i < an_hour; ++i) {
    const ShardDelta& delta = world.advance().front();
    ASSERT_EQ(delta.sockets_synced + delta.events.gone.size(), before + delta.sockets_opened);
    before = delta.sockets_synced;
    for (const SocketId socket : delta.events.gone) ASSERT_TRUE(gone.insert(socket).second);
  }
  EXPECT_GT(gone.size(), 1000U);
}

TEST(ChatWorld, EachEventSettlesOnceAndItsCopiesAreThoseCounted) {
  WorldShape shape = shape_of(20);
  shape.crowd.stalls_per_minute = 0;  // copies that waited are counted when they leave
  ChatWorld world(shape, {{.kind = Kind::delayed, .begin = 1000, .end = 1500, .amount = 20}}, 2);
  std::uint64_t due = 0, settled = 0, copies = 0, of_events = 0, reached = 0, hits = 0, late = 0;
  for (Second i = 0; i < an_hour; ++i) {
    const ShardDelta& delta = world.advance().front();
    due += delta.commands;
    copies += delta.copies;
    reached += delta.reached;
    settled += delta.events.settled.size();
    late += delta.events.late.size();
    for (const SettledEvent& event : delta.events.settled) {
      of_events += event.copies;
      hits += event.copies > 0;
      EXPECT_LE(event.lag_seconds, 6);
      EXPECT_EQ(event.copies > 0, event.to[0] != 0);
      EXPECT_EQ(event.copies > 0, event.lag_seconds >= 0);
      for (const SocketId to : event.to) EXPECT_TRUE(to == 0 || to != event.publisher);
    }
  }
  // Those of five seconds at either end are on their way.
  EXPECT_NEAR(double(settled), double(due), 800);
  EXPECT_NEAR(double(hits + late), double(reached), 800);
  EXPECT_GT(late, 1000U);
  EXPECT_GT(copies, of_events);
}

TEST(ChatWorld, TalksAtTheRateAskedForInRoomsOfVerySizes) {
  for (const double rate : {1., 20.}) {
    ChatWorld world(shape_of(rate), {}, 3);
    std::vector<double> hours;
    for (int hour = 0; hour < 4; ++hour) {
      const double before = world.truth().due;
      for (Second i = 0; i < an_hour; ++i) world.advance();
      hours.push_back((world.truth().due - before) / an_hour);
    }
    double mean = 0;
    for (const double hour : hours) mean += hour / 4;
    EXPECT_NEAR(mean, rate, .35 * rate);
    EXPECT_NEAR(world.truth().local / world.truth().due, 1. / 3, .1);
    EXPECT_GT(world.truth().readable / world.truth().due, .5);
    EXPECT_LT(world.truth().readable / world.truth().due, .95);
  }
}

TEST(ChatWorld, TalkIsSelfExciting) {
  ChatWorld world(shape_of(5), {}, 4);
  double sum = 0, squares = 0, minutes = 200;
  for (int minute = 0; minute < 200; ++minute) {
    double due = 0;
    for (int i = 0; i < 60; ++i) due += double(world.advance().front().commands);
    sum += due;
    squares += due * due;
  }
  const double mean = sum / minutes;
  EXPECT_GT((squares / minutes - mean * mean) / mean, 3) << "variance over mean; 1 is Poisson";
}

TEST(ChatWorld, LosesTheShareThatItsLawSays) {
  const auto reach = [](Law law) {
    ChatWorld world(shape_of(20), {law}, 5);
    double hits = 0, all = 0;
    for (Second i = 0; i < an_hour; ++i)
      for (const SettledEvent& event : world.advance().front().events.settled) {
        all += i > 10;  // before that they came due when all was well
        hits += i > 10 && event.copies > 0;
      }
    return hits / std::max(1., all);
  };
  const double well = reach({.kind = Kind::lost, .begin = 1, .amount = 0});
  EXPECT_NEAR(reach({.kind = Kind::lost, .begin = 1, .amount = .66}) / well, .34, .04);
  EXPECT_EQ(reach({.kind = Kind::lost, .begin = 1, .amount = 1}), 0);
  EXPECT_EQ(reach({.kind = Kind::wedged, .begin = 1}), 0);
}

TEST(ChatWorld, TheSameSeedIsTheSameWorld) {
  ChatWorld one(shape_of(5), {}, 6), other(shape_of(5), {}, 6), third(shape_of(5), {}, 7);
  std::uint64_t differ = 0;
  for (Second i = 0; i < 600; ++i) {
    const ShardDelta& a = one.advance().front();
    const ShardDelta& b = other.advance().front();
    ASSERT_EQ(a.copies, b.copies);
    ASSERT_EQ(a.events.gone, b.events.gone);
    differ += a.copies != third.advance().front().copies;
  }
  EXPECT_GT(differ, 100U);
}

}  // namespace
}  // namespace fanfare::sim
