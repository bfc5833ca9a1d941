// SPDX-License-Identifier: Apache-2.0
// Silent sockets by simulation: roll-outs that are innocent, and those that lose subscriptions.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "agent/ratios/delivery_judge.h"
#include "tests/support/socket_world.h"

namespace fanfare {
namespace {

constexpr double roll_outs_every = 7000;  // s
constexpr double onset = 6 * 3600;        // s
constexpr double patience = 3600;         // s

bool is_silence_lost(const Judgement& judgement) {
  return std::ranges::any_of(judgement.signals, [](const Signal& signal) {
    return signal.lost && signal.name == signal_silence;
  });
}

// Seconds from a roll-out after six hours of health with innocent ones: `share` of the sockets open
// anew, and `forgotten` of all sockets are forgotten in that; empty if it is not found within an
// hour. In rooms that burst every `pause` seconds in the mean.
std::optional<double> delay(unsigned seed, double pause, double share, double forgotten) {
  Random random(seed);
  SocketWorld world(random, {.burst_every = pause});
  DeliveryJudge judge;
  for (double t = 0; t < onset + patience; ++t) {
    if (t > 0 && std::fmod(t, roll_outs_every) == 0 && t < onset) world.reconnect(random, share);
    if (t == onset) {
      world.forget(forgotten / share);
      world.reconnect(random, share);
      world.forget(0);
    }
    Judgement judgement;
    judge.advance(world.second(random), judgement);
    if (!is_silence_lost(judgement)) continue;
    EXPECT_GE(t, onset) << "an innocent roll-out";
    return t - onset;
  }
  return std::nullopt;
}

TEST(Innocent, SilenceRollOutsOfAllAndOfSome) {
  for (const double pause : {30., 120., 600.})
    for (const double share : {1., .5, .25})
      EXPECT_FALSE(delay(1, pause, share, 0)) << pause << " " << share;
}

// A tenant whose rooms are quiet: all of its clients connect anew, and get nothing as before.
TEST(Innocent, SilenceAQuietHallThatConnectsAnew) {
  for (const double hall : {.1, .3, .6}) {
    Random random(1);
    SocketWorld world(random, {.burst_every = 30, .life = 36000, .hall = hall});
    DeliveryJudge judge;
    for (double t = 1; t < 43200; ++t) {
      if (std::fmod(t, 4 * 3600) == 0) world.reconnect_hall(random);
      Judgement judgement;
      judge.advance(world.second(random), judgement);
      ASSERT_FALSE(is_silence_lost(judgement)) << hall << " after " << t << " s";
    }
  }
}

TEST(FaultOfDelivery, ATenthOfTheSubscriptionsIsLostInARollOutOfSome) {
  for (const double share : {.5, .25})
    for (const unsigned seed : {1U, 2U, 3U}) {
      const auto found = delay(seed, 30, share, .1);
      ASSERT_TRUE(found) << share;
      std::cout << share << ": " << *found << " s\n";
      EXPECT_LE(*found, 600);
    }
}

// There is nobody to compare them with until others have come, after ten minutes.
TEST(FaultOfDelivery, AFifthOfTheSubscriptionsIsLostInARollOutOfAll) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const auto found = delay(seed, 30, 1, .2);
    ASSERT_TRUE(found);
    std::cout << *found << " s\n";
    EXPECT_LE(*found, 1200);
  }
}

// What it costs that reconnects of quiet rooms are innocent, as the README says.
TEST(FaultOfDelivery, ATenthOfTheSubscriptionsIsNotFoundInARollOutOfAllOrInQuietRooms) {
  EXPECT_FALSE(delay(1, 30, 1, .1));
  EXPECT_FALSE(delay(1, 600, .5, .1));
}

}  // namespace
}  // namespace fanfare
