// SPDX-License-Identifier: Apache-2.0
// Clients of one node, second by second, as a model of what is innocent: they are in rooms that
// burst, there is day and night, they leave and come back, and cells and proxies take many along.
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <vector>

#include "agent/model/deltas.h"
#include "tests/support/random_laws.h"

namespace fanfare {

class ClientWorld {
 public:
  struct Law {
    int rooms = 100;
    double bursts = 1;          // of all rooms, 1/s
    double burst_seconds = 10;  // mean
    double burst_rate = 2;      // events/s of a room in a burst
    double hall = 0;            // members of one more room, in which a burst is rare
    double hall_pause = 900;    // s between its bursts, mean
    double night = 1;           // traffic at its lowest, of that at its highest
    double leave = 1.0 / 600;   // a socket's chance in a second
    double lost_at_leave = 0;   // share of the sockets that lose something as they leave
    double lost_seconds = 1;    // of traffic, then
    double stuck = 0;           // share of sockets, as a rule
    double cells_a_day = 0;     // each takes along `cell_share` of the sockets
    double cell_share = 0.1;
    double proxies_a_day = 0;  // each takes all
  };

  ClientWorld(Random& random, const Law& law) : law_(law), phase_(uniform(random) * 86400) {
    double weights = 0;
    for (int i = 0; i < law.rooms; ++i) {
      Room room{.members = 1 + poisson(random, 8), .activity = 1.0 / (5 + i)};
      weights += room.activity;
      sockets_ += room.members;
      rooms_.push_back(room);
    }
    for (auto& room : rooms_) room.activity *= law.bursts / weights;
    if (law.hall > 0) rooms_.push_back({.members = law.hall, .activity = 1 / law.hall_pause});
    sockets_ += law.hall;
  }

  double sockets() const { return sockets_; }

  ShardDelta second(Random& random, double t) {
    const double sun = 0.5 + 0.5 * std::sin(2 * std::numbers::pi * (t + phase_) / 86400);
    ShardDelta delta;
    delta.shard = "chat";
    delta.at = std::chrono::seconds(static_cast<long>(t));
    delta.span = std::chrono::seconds(1);
    delta.sockets_synced = whole(sockets_);
    talk(random, law_.night + (1 - law_.night) * sun, delta);
    leave(random, delta);
    die(random, t, delta);
    return delta;
  }

 private:
  struct Room {
    double members = 0, activity = 0;  // bursts/s
    double left = 0, quiet = 1e9;      // s: of the burst at hand, since the last event
  };

  static std::uint64_t whole(double count) {
    return static_cast<std::uint64_t>(std::lround(count));
  }

  void talk(Random& random, double traffic, ShardDelta& delta) {
    double copies = 0, events = 0, silent = 0;
    for (auto& room : rooms_) {
      room.quiet += 1;
      if (room.left <= 0 && uniform(random) < room.activity * traffic)
        room.left = std::exponential_distribution<double>(1 / law_.burst_seconds)(random);
      if (room.left > 0) {
        room.left -= 1;
        const double said = poisson(random, law_.burst_rate);
        if (said > 0) room.quiet = 0;
        events += said;
        copies += said * room.members;
      }
      if (room.quiet > 300) silent += room.members;
    }
    rate_ += (copies / sockets_ - rate_) / 60;
    delta.accepted = delta.published = whole(events);
    delta.copies = whole(copies);
    auto& now = delta.delivery;
    now.fates[FANFARE_FATE_EVENT].acked = whole(copies);
    for (const auto age : {1, 2, 3}) {
      if (delta.at < std::chrono::minutes(5)) continue;
      now.judged[static_cast<std::size_t>(age)] = whole(sockets_ / 3);
      now.silent[static_cast<std::size_t>(age)] = whole(silent / 3);
    }
  }

  // `count` sockets close, each with so many seconds of traffic unacknowledged.
  void close(Random& random, double count, double seconds, EndReason why, ShardDelta& delta) {
    delta.delivery.ended += whole(count);
    delta.sockets_opened += whole(count);
    delta.delivery.fates[FANFARE_FATE_EVENT].lost[static_cast<std::size_t>(why)] +=
        whole(poisson(random, count * seconds * rate_));
  }

  void leave(Random& random, ShardDelta& delta) {
    const double left = binomial(random, sockets_, law_.leave);
    const double losing = binomial(random, left, law_.lost_at_leave);
    close(random, left - losing, 0, EndReason::close, delta);
    close(random, losing, law_.lost_seconds, EndReason::reset, delta);
  }

  // A cell's sockets are stuck for a quarter of an hour and time out within three minutes then.
  void die(Random& random, double t, ShardDelta& delta) {
    if (uniform(random) < law_.cells_a_day / 86400 && cell_began_ + 1200 < t) cell_began_ = t;
    const double age = t - cell_began_;
    const double cell = law_.cell_share * sockets_;
    double stuck = binomial(random, sockets_, law_.stuck);
    if (age >= 30 && age < 1080) stuck += cell * std::min(1.0, (1080 - age) / 180);
    if (age >= 900 && age < 1080)
      close(random, poisson(random, cell / 180), 900, EndReason::timeout, delta);
    if (uniform(random) < law_.proxies_a_day / 86400)
      close(random, sockets_, 2, EndReason::reset, delta);
    delta.delivery.stuck = whole(std::min(stuck, sockets_));
  }

  Law law_;
  double phase_;
  std::vector<Room> rooms_;
  double sockets_ = 0;
  double rate_ = 0;  // copies for a socket and second, lately
  double cell_began_ = -1e9;
};

}  // namespace fanfare
