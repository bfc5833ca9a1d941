// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/witnesses.h"

#include <algorithm>

namespace fanfare {
namespace {

constexpr double credit_seconds = 600;
// How long a closed socket may still be named by a copy: the settle time and a tick that is late.
constexpr double named_after_close = 60;

}  // namespace

double Credit::now(double t) const { return nats * std::exp((at - t) / credit_seconds); }

void Credit::add(double more, double t) {
  nats = static_cast<float>(std::max(0.0, now(t) + more));
  at = t;
}

bool Witnesses::is_open(Witness witness) const {
  return witness.place < places_.size() && places_[witness.place].generation == witness.generation;
}

Witness Witnesses::take(SocketId socket, double now) {
  forget_closed(now);
  if (socket == 0 || closed_.contains(socket)) return {};
  const auto [known, is_new] = by_socket_.try_emplace(socket, 0);
  if (is_new) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    known->second = free_.back();
    free_.pop_back();
    places_[known->second].socket = socket;
  }
  auto& place = places_[known->second];
  ++place.rooms;
  return {known->second, place.generation};
}

void Witnesses::drop(Witness witness) {
  if (!is_open(witness)) return;
  auto& place = places_[witness.place];
  if (--place.rooms > 0) return;
  by_socket_.erase(place.socket);
  free(witness.place);
}

void Witnesses::free(std::uint32_t place) {
  places_[place] = {
      .socket = 0, .generation = places_[place].generation + 1, .rooms = 0, .credit = {}};
  free_.push_back(place);
}

void Witnesses::close(SocketId socket, double now) {
  forget_closed(now);
  if (closed_.insert_or_assign(socket, now).second) closed_order_.emplace_back(now, socket);
  const auto known = by_socket_.find(socket);
  if (known == by_socket_.end()) return;
  free(known->second);
  by_socket_.erase(known);
}

void Witnesses::forget_closed(double now) {
  while (!closed_order_.empty() && closed_order_.front().first + named_after_close < now) {
    const auto [at, socket] = closed_order_.front();
    closed_order_.pop_front();
    const auto closed = closed_.find(socket);
    if (closed != closed_.end() && closed->second + named_after_close < now) closed_.erase(closed);
  }
}

}  // namespace fanfare
