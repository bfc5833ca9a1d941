// SPDX-License-Identifier: Apache-2.0
// False alarms on innocent streams, through everything that learns, by simulation.
// FANFARE_SIMULATED_SECONDS is how long each of them runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <numbers>
#include <vector>

#include "agent/ratios/event_signal.h"
#include "tests/support/random_laws.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

// --- innocent streams, through everything that learns ---

struct Second {
  double due = 0, reached = 0, copies = 0, sockets = 1000;
};

using Stream = std::function<Second(Random&, double t)>;

// A world of rooms, each with members at home here or none, so that its events share their fate;
// rooms burst.
struct Rooms {
  struct Room {
    double members = 0, activity = 0;  // bursts/s
    double left = 0;                   // s of the burst at hand
  };
  std::vector<Room> rooms;
  double burst_seconds, burst_rate;

  Rooms(Random& random, int count, double empty, double bursts_per_second, double seconds,
        double rate)
      : rooms(static_cast<std::size_t>(count)), burst_seconds(seconds), burst_rate(rate) {
    double weights = 0;
    for (std::size_t i = 0; i < rooms.size(); ++i) {
      rooms[i].members = uniform(random) < empty ? 0 : 1 + poisson(random, 8);
      rooms[i].activity = 1 / (5 + static_cast<double>(i));
      weights += rooms[i].activity;
    }
    for (auto& room : rooms) room.activity *= bursts_per_second / weights;
  }

  double sockets() const {
    double sum = 0;
    for (const auto& room : rooms) sum += room.members;
    return sum;
  }

  // `online`: the share of all members that is.
  Second second(Random& random, double online = 1, double traffic = 1) {
    Second second{.sockets = std::round(sockets() * online)};
    for (auto& room : rooms) {
      if (room.left <= 0 && uniform(random) < room.activity * traffic)
        room.left = std::exponential_distribution<double>(1 / burst_seconds)(random);
      if (room.left <= 0) continue;
      room.left -= 1;
      const double events = poisson(random, burst_rate);
      const double nobody = std::pow(1 - online, room.members);  // per event; 1 for no members
      const double reached = binomial(random, events, 1 - nobody);
      second.due += events;
      second.reached += reached;
      second.copies += events * room.members * online;
    }
    return second;
  }
};

double simulated_seconds() {
  const char* text = std::getenv("FANFARE_SIMULATED_SECONDS");
  return text ? std::atof(text) : 1.82e6;  // 7 runs
}

struct Alarms {
  int reach = 0, copies = 0;  // after the first hour
  int first_hour = 0;
  double evidence_reach = 0, evidence_copies = 0;
};

// What an agent without any saved state has not seen yet it cannot expect: how rooms burst. The
// guarantee holds from the second hour on; what the first one brings is printed.
constexpr double learning_seconds = 3600;

// Runs of three days, each from the first start of an agent.
Alarms alarms_of(const std::function<Stream(Random&)>& make) {
  constexpr double run_seconds = 3 * 86400;
  const int runs = std::max(1, static_cast<int>(simulated_seconds() / run_seconds));
  Alarms alarms;
  for (int run = 0; run < runs; ++run) {
    Random random(static_cast<unsigned>(run) + 1);
    const auto stream = make(random);
    EventSignal reach(Outcome::reach), copies(Outcome::copies);
    bool reach_lost = false, copies_lost = false;
    for (double t = 1; t <= run_seconds; ++t) {
      const auto second = stream(random, t);
      Cohort cohort{.at = std::chrono::seconds(static_cast<long>(t)),
                    .span = 1s,
                    .due = second.due,
                    .seen = second.reached,
                    .sockets = static_cast<std::uint64_t>(second.sockets),
                    .coverage = 1,
                    .unusable = {}};
      const auto reached = reach.advance(cohort);
      cohort.seen = std::round(second.copies);
      const auto copied = copies.advance(cohort);
      const bool reach_alarm = reached.lost && !reach_lost;
      const bool copies_alarm = copied.lost && !copies_lost;
      if (t <= learning_seconds) {
        alarms.first_hour += reach_alarm + copies_alarm;
      } else {
        alarms.reach += reach_alarm;
        alarms.copies += copies_alarm;
      }
      reach_lost = reached.lost;
      copies_lost = copied.lost;
      alarms.evidence_reach = std::max(alarms.evidence_reach, reached.evidence);
      alarms.evidence_copies = std::max(alarms.evidence_copies, copied.evidence);
    }
  }
  std::cout << runs * run_seconds << " shard-seconds: greatest evidence reach "
            << alarms.evidence_reach << ", copies " << alarms.evidence_copies << ", alarms "
            << alarms.reach << ", " << alarms.copies << " (in the first hours of " << runs
            << " starts " << alarms.first_hour << ")\n";
  return alarms;
}

void expect_no_alarm(const std::function<Stream(Random&)>& make) {
  const auto alarms = alarms_of(make);
  EXPECT_EQ(alarms.reach, 0);
  EXPECT_EQ(alarms.copies, 0);
}

TEST(Innocent, Poisson) {
  expect_no_alarm([](Random&) -> Stream {
    return [](Random& random, double) {
      const double n = poisson(random, 20);
      return Second{n, binomial(random, n, .9), fan_out(random, n, 10, 1)};
    };
  });
}

TEST(Innocent, Bursty) {
  expect_no_alarm([](Random&) -> Stream {
    return [](Random& random, double) {
      // Negative binomial: dispersion 41 at a mean of 20.
      const double n = poisson(random, std::gamma_distribution<double>(.5, 40)(random));
      return Second{n, binomial(random, n, .8), fan_out(random, n, 10, 3)};
    };
  });
}

TEST(Innocent, RoomsThatBurst) {
  expect_no_alarm([](Random& begin) -> Stream {
    return [rooms = Rooms(begin, 100, .3, 1, 10, 2)](Random& random, double) mutable {
      return rooms.second(random);
    };
  });
}

TEST(Innocent, RoomsWhoseMembersLeaveAndComeBack) {
  expect_no_alarm([](Random& begin) -> Stream {
    return [rooms = Rooms(begin, 200, .1, 2, 5, 2)](Random& random, double t) mutable {
      // Every minute one room of 200 empties, another fills.
      if (std::fmod(t, 60) == 0) {
        auto& room = rooms.rooms[static_cast<std::size_t>(uniform(random) * 200)];
        room.members = room.members > 0 && uniform(random) < .5 ? 0 : 1 + poisson(random, 8);
      }
      return rooms.second(random);
    };
  });
}

TEST(Innocent, DayAndNight) {
  expect_no_alarm([](Random& begin) -> Stream {
    const double phase = uniform(begin) * 86400;
    return [phase, rooms = Rooms(begin, 100, .1, 2, 5, 2)](Random& random, double t) mutable {
      const double sun = std::sin(2 * std::numbers::pi * (t + phase) / 86400);
      return rooms.second(random, .5 + .4 * sun, 1 + .8 * sun);
    };
  });
}

TEST(Innocent, ALiveEvent) {
  expect_no_alarm([](Random& begin) -> Stream {
    const double starts = 43200 + uniform(begin) * 86400;
    return [starts](Random& random, double t) {
      const bool live = t >= starts && t < starts + 7200;
      const double n = poisson(random, live ? 60 : 20);
      return Second{n, binomial(random, n, live ? .97 : .9),
                    fan_out(random, n, live ? 200 : 10, live ? 6 : 1)};
    };
  });
}

// --- and the same worlds with the fault: what keeps them quiet must not make them deaf ---

// Mean seconds, settle time included, from the onset until reach is lost: two of three events no
// longer reach anybody, after six hours of health.
double fault_delay(const std::function<Stream(Random&)>& make) {
  constexpr int runs = 5;
  constexpr double onset = 6 * 3600;
  double total = 0;
  for (int run = 0; run < runs; ++run) {
    Random random(static_cast<unsigned>(run) + 100);
    const auto stream = make(random);
    EventSignal reach(Outcome::reach);
    bool lost = false;
    for (double t = 1; !lost && t < onset + 3600; ++t) {
      auto second = stream(random, t);
      if (t > onset) {
        second.reached = binomial(random, second.reached, 1. / 3);
        ++total;
      }
      lost = reach
                 .advance({.at = std::chrono::seconds(static_cast<long>(t)),
                           .span = 1s,
                           .due = second.due,
                           .seen = second.reached,
                           .sockets = static_cast<std::uint64_t>(second.sockets),
                           .coverage = 1,
                           .unusable = {}})
                 .lost;
    }
    EXPECT_TRUE(lost);
  }
  return total / runs;
}

TEST(Fault, OfTwoThirdsIsFoundInEventsWithoutMemory) {
  const double delay = fault_delay([](Random&) -> Stream {
    return [](Random& random, double) {
      const double n = poisson(random, 20);
      return Second{.due = n, .reached = binomial(random, n, .9)};
    };
  });
  std::cout << "66 % loss, 20/s, reach .9: " << delay << " s\n";
  EXPECT_LE(delay, 10);
}

TEST(Fault, OfTwoThirdsIsFoundInRoomsThatBurst) {
  const double delay = fault_delay([](Random& begin) -> Stream {
    return [rooms = Rooms(begin, 100, .3, 1, 10, 2)](Random& random, double) mutable {
      return rooms.second(random);
    };
  });
  std::cout << "66 % loss, 20/s in bursts of 20 of one room, a third of the rooms empty: " << delay
            << " s\n";
  EXPECT_LE(delay, 120);
}

}  // namespace
}  // namespace fanfare
