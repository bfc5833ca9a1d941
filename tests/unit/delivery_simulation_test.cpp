// SPDX-License-Identifier: Apache-2.0
// The signals of delivery by simulation: no false alarm on innocent clients, and the delay until a
// fault among the same clients is found. FANFARE_SIMULATED_SECONDS is how long each kind runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include "agent/ratios/delivery_judge.h"
#include "tests/support/client_world.h"

namespace fanfare {
namespace {

double simulated_seconds() {
  const char* text = std::getenv("FANFARE_SIMULATED_SECONDS");
  return text ? std::atof(text) : 5.2e5;
}

using Alarms = std::map<std::string, int>;

// Runs of three days, each from the first start of an agent; what began to be lost, by signal.
Alarms alarms_of(const ClientWorld::Law& law) {
  constexpr double run_seconds = 3 * 86400;
  const int runs = std::max(1, static_cast<int>(simulated_seconds() / run_seconds));
  Alarms alarms;
  std::map<std::string, double> most;
  for (int run = 0; run < runs; ++run) {
    Random random(static_cast<unsigned>(run) + 1);
    ClientWorld world(random, law);
    DeliveryJudge judge;
    std::map<std::string, bool> lost;
    for (double t = 1; t <= run_seconds; ++t) {
      Judgement judgement;
      judge.advance(world.second(random, t), judgement);
      for (const auto& signal : judgement.signals) {
        if (signal.lost && !lost[signal.name]) {
          ++alarms[signal.name];
          std::cout << "  " << signal.name << " after " << t << " s of run " << run << "\n";
        }
        lost[signal.name] = signal.lost;
        most[signal.name] = std::max(most[signal.name], signal.evidence);
      }
    }
  }
  std::cout << runs * run_seconds << " shard-seconds, greatest evidence:";
  for (const auto& [name, nats] : most) std::cout << " " << name << " " << nats;
  std::cout << "\n";
  return alarms;
}

TEST(Innocent, DeliveryRoomsThatBurst) { EXPECT_EQ(alarms_of({}), Alarms{}); }

TEST(Innocent, DeliveryDayAndNight) { EXPECT_EQ(alarms_of({.night = 0.03}), Alarms{}); }

TEST(Innocent, DeliveryAHallWithHalfOfTheClientsThatIsOftenQuiet) {
  for (const double pause : {300, 900, 3600}) {
    std::cout << "pause " << pause << "\n";
    EXPECT_EQ(alarms_of({.hall = 900, .hall_pause = pause, .night = .3}), Alarms{});
  }
}

TEST(Innocent, DeliveryMobileClients) {
  EXPECT_EQ(
      alarms_of(
          {.night = 0.2, .leave = 1. / 120, .lost_at_leave = .1, .lost_seconds = 30, .stuck = .03}),
      Alarms{});
}

TEST(Innocent, DeliveryCellsAndProxiesThatDie) {
  EXPECT_EQ(alarms_of({.night = 0.2,
                       .lost_at_leave = .02,
                       .lost_seconds = 60,
                       .stuck = .01,
                       .cells_a_day = 6,
                       .proxies_a_day = 6}),
            Alarms{});
}

TEST(Innocent, DeliveryACellOfAThirdOfTheClientsThatDies) {
  auto alarms =
      alarms_of({.lost_at_leave = .001, .cells_a_day = 2, .cell_share = .3, .proxies_a_day = 2});
  std::cout << "stuck " << alarms["stuck"] << "\n";
  alarms.erase("stuck");  // a third that is stuck for a quarter of an hour is worth a warning
  EXPECT_EQ(alarms, Alarms{});
}

TEST(Innocent, DeliveryFewEventsOfFewRooms) {
  EXPECT_EQ(
      alarms_of({.rooms = 5, .bursts = .02, .night = .1, .lost_at_leave = .02, .lost_seconds = 60}),
      Alarms{});
}

// --- faults ---

using Change = std::function<void(Random&, ShardDelta&)>;
constexpr double patience = 4 * 3600;  // s

// Seconds from the onset, after six hours of health, until `name` is lost: the mean of three runs.
// Empty where one of them was not found within four hours.
std::optional<double> delay(const ClientWorld::Law& law, const char* name, const Change& change) {
  constexpr int runs = 3;
  constexpr double onset = 6 * 3600;
  double total = 0;
  for (int run = 0; run < runs; ++run) {
    Random random(static_cast<unsigned>(run) + 100);
    ClientWorld world(random, law);
    DeliveryJudge judge;
    double t = 0;
    for (bool lost = false; !lost; ++t) {
      auto delta = world.second(random, t + 1);
      if (t >= onset) change(random, delta);
      if (t >= onset + patience) return std::nullopt;
      Judgement judgement;
      judge.advance(delta, judgement);
      lost = std::ranges::any_of(judgement.signals, [&](const Signal& signal) {
        return signal.lost && signal.name == name;
      });
    }
    EXPECT_GT(t, onset);
    total += t - onset;
  }
  std::cout << name << ": " << total / runs << " s\n";
  return total / runs;
}

constexpr ClientWorld::Law mobile{
    .night = 0.2, .leave = 1. / 120, .lost_at_leave = .1, .lost_seconds = 30, .stuck = .03};

// That share of the events is not acknowledged.
Change lose(double share) {
  return [share](Random& random, ShardDelta& delta) {
    auto& fate = delta.delivery.fates[FANFARE_FATE_EVENT];
    const double lost = binomial(random, static_cast<double>(fate.acked), share);
    fate.acked -= static_cast<std::uint64_t>(lost);
    fate.lost[0] += static_cast<std::uint64_t>(lost);
  };
}

// That share of the sockets that would get something gets nothing.
Change silence(double share) {
  return [share](Random&, ShardDelta& delta) {
    auto& now = delta.delivery;
    for (std::size_t age = 1; age < age_classes; ++age)
      now.silent[age] += static_cast<std::uint64_t>(
          share * static_cast<double>(now.judged[age] - now.silent[age]));
  };
}

Change stuck(double share) {
  return [share](Random&, ShardDelta& delta) {
    delta.delivery.stuck =
        static_cast<std::uint64_t>(share * static_cast<double>(delta.sockets_synced));
  };
}

// So many events more are lost with each socket that closes.
Change lose_at_close(double events) {
  return [events](Random& random, ShardDelta& delta) {
    delta.delivery.fates[FANFARE_FATE_EVENT].lost[0] += static_cast<std::uint64_t>(
        poisson(random, events * static_cast<double>(delta.delivery.ended)));
  };
}

void publish_nothing(Random&, ShardDelta& delta) { delta.published = 0; }

TEST(FaultOfDelivery, EventsAreNotAcknowledged) {
  for (const double share : {.5, .2, .06}) EXPECT_LE(delay({}, signal_ack_fate, lose(share)), 330);
  EXPECT_LE(delay(mobile, signal_ack_fate, lose(.5)), 330);
  EXPECT_LE(delay(mobile, signal_ack_fate, lose(.2)), 900);
}

TEST(FaultOfDelivery, SubscriptionsAreLost) {
  EXPECT_LE(delay({}, signal_silence, silence(.9)), 330);
  EXPECT_LE(delay({}, signal_silence, silence(.5)), 900);
}

TEST(FaultOfDelivery, ClientsAreStuck) {
  for (const double share : {1., .3}) EXPECT_LE(delay(mobile, signal_stuck, stuck(share)), 330);
}

TEST(FaultOfDelivery, SocketsCloseWithEventsOnTheirWay) {
  EXPECT_LE(delay({}, signal_close_loss, lose_at_close(5)), 330);
  EXPECT_LE(delay(mobile, signal_close_loss, lose_at_close(20)), 330);
}

TEST(FaultOfDelivery, NothingIsAccepted) {
  EXPECT_LE(delay({}, signal_accepted, publish_nothing), 400);
  EXPECT_LE(delay({.rooms = 5, .bursts = .02}, signal_accepted, publish_nothing), 1200);
}

// What the tolerances cost, as the README says.
TEST(FaultOfDelivery, OfAFifthOfTheSocketsIsNotFoundWithinFourHours) {
  EXPECT_FALSE(delay({}, signal_silence, silence(.2)));
  EXPECT_FALSE(delay(mobile, signal_stuck, stuck(.2)));
}

}  // namespace
}  // namespace fanfare
