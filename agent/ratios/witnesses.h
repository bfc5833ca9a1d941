// SPDX-License-Identifier: Apache-2.0
// Witnesses: the client sockets that got the last copies of a room. While one of them is open, the
// room has a reader, and an event of the room that nobody gets is missed by somebody. Pure: time is
// given, in seconds on any one clock.
#pragma once

#include <cmath>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/model/events.h"

namespace fanfare {

// How much evidence something has brought lately: it fades with a time constant of ten minutes.
// What has brought `credit_cap` nats brings no more, so that one room with a fault of its own, or
// one client that hangs, never pages, however long it goes on.
struct Credit {
  float nats = 0;
  double at = 0;  // s

  double now(double t) const;
  void add(double more, double t);  // more may be negative; never below 0
};
inline constexpr double credit_cap = 5;

// Names a witness as long as its socket is open, and nothing afterwards, though its number may be
// given to another socket.
struct Witness {
  std::uint32_t place = UINT32_MAX;
  std::uint32_t generation = 0;
};

class Witnesses {
 public:
  // One more room knows this socket. It names nothing if the socket has closed lately: a copy that
  // left before is told of after its settle time.
  Witness take(SocketId socket, double now);
  void drop(Witness witness);
  void close(SocketId socket, double now);

  bool is_open(Witness witness) const;
  SocketId socket(Witness witness) const {
    return places_[witness.place].socket;
  }                                                                          // of an open one
  Credit& credit(Witness witness) { return places_[witness.place].credit; }  // same
  std::size_t size() const { return by_socket_.size(); }

 private:
  struct Place {
    SocketId socket = 0;
    std::uint32_t generation = 0;
    std::uint32_t rooms = 0;
    Credit credit;
  };
  void free(std::uint32_t place);
  void forget_closed(double now);

  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<SocketId, std::uint32_t> by_socket_;
  std::unordered_map<SocketId, double> closed_;  // and when
  std::deque<std::pair<double, SocketId>> closed_order_;
};

}  // namespace fanfare
