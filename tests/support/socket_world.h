// SPDX-License-Identifier: Apache-2.0
// Client sockets one by one, each with its age: they are in rooms that burst, they end and open
// again, all or a part of them at once after a roll-out. What a reconnect loses can be told here.
#pragma once

#include <chrono>
#include <cmath>
#include <vector>

#include "agent/model/deltas.h"
#include "tests/support/random_laws.h"

namespace fanfare {

class SocketWorld {
 public:
  struct Law {
    int sockets = 900;
    int rooms = 100;
    double burst_every = 60;    // s, mean of the mean pauses of a room, which differ
    double burst_seconds = 10;  // mean
    double burst_rate = 2;      // events/s of a room in a burst
    double life = 3600;         // s, mean of a socket
    double hall = 0;            // share of the sockets in one more room, in which nothing is said
  };

  SocketWorld(Random& random, const Law& law) : law_(law) {
    for (int i = 0; i < law.rooms; ++i)
      rooms_.push_back({.pause = law.burst_every * 2 * (i + 0.5) / law.rooms});
    rooms_.push_back({.pause = 1e12});
    for (int i = 0; i < law.sockets; ++i)
      sockets_.push_back(
          {.room = static_cast<std::size_t>(i < law.hall * law.sockets ? law.rooms : i % law.rooms),
           .opened = -uniform(random) * law.life});
  }

  // From then on that share of those that open is subscribed to nothing.
  void forget(double share) { forgotten_ = share; }

  // That share of the sockets opens anew at once.
  void reconnect(Random& random, double share) {
    for (auto& socket : sockets_)
      if (uniform(random) < share) open(random, socket);
  }

  // All of the hall do.
  void reconnect_hall(Random& random) {
    for (auto& socket : sockets_)
      if (socket.room + 1 == rooms_.size()) open(random, socket);
  }

  ShardDelta second(Random& random) {
    now_ += 1;
    ShardDelta delta;
    delta.shard = "chat";
    delta.at = std::chrono::seconds(static_cast<long>(now_));
    delta.span = std::chrono::seconds(1);
    delta.sockets_synced = sockets_.size();
    for (auto& room : rooms_) talk(random, room, delta);
    delta.delivery.edge = sockets_.size();
    for (auto& socket : sockets_) advance(random, socket, delta);
    delta.copies = static_cast<std::uint64_t>(copies_);
    copies_ = 0;
    return delta;
  }

 private:
  struct Room {
    double pause = 0;  // s, mean
    double left = 0;   // s of the burst at hand
    double last = -1e9;
    double said = 0;  // in this second
  };
  struct Socket {
    std::size_t room = 0;
    double opened = 0;
    double last = -1e9;  // event
    bool forgotten = false;
  };

  void open(Random& random, Socket& socket) {
    socket.opened = now_;
    socket.last = -1e9;
    socket.forgotten = uniform(random) < forgotten_;
  }

  void talk(Random& random, Room& room, ShardDelta& delta) {
    room.said = 0;
    if (room.left <= 0 && uniform(random) < 1 / room.pause)
      room.left = std::exponential_distribution<double>(1 / law_.burst_seconds)(random);
    if (room.left <= 0) return;
    room.left -= 1;
    room.said = poisson(random, law_.burst_rate);
    delta.accepted += static_cast<std::uint64_t>(room.said);
    delta.published = delta.accepted;
  }

  // As SocketDelivery does it.
  void advance(Random& random, Socket& socket, ShardDelta& delta) {
    if (uniform(random) < 1 / law_.life) open(random, socket);
    const double said = rooms_[socket.room].said;
    if (said > 0 && !socket.forgotten) {
      socket.last = now_;
      copies_ += said;
    }
    const double age = now_ - socket.opened;
    if (age < 60) return;
    const bool ever = socket.last > 0;
    const double quiet = now_ - (ever ? socket.last : socket.opened);
    const std::size_t place = age < 600 ? 1 : age < 3600 ? 2 : 3;
    ++delta.delivery.judged[place];
    delta.delivery.silent[place] += quiet >= (ever ? 300 : 60);
  }

  Law law_;
  double now_ = 0;
  double forgotten_ = 0;
  double copies_ = 0;
  std::vector<Room> rooms_;
  std::vector<Socket> sockets_;
};

}  // namespace fanfare
