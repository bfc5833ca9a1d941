// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/seats.h"

#include <algorithm>
#include <utility>

namespace fanfare {
namespace {

std::pair<bool, std::uint64_t> place_of(const Seats::Seat& seat) {
  return {!seat.reading, seat.turn};
}

}  // namespace

Seats::Key Seats::take(std::string peer, std::function<void()> leave) {
  make_room(peer);
  auto seat = std::make_shared<Seat>(Seat{std::move(peer), std::move(leave)});
  seat->turn = ++turns_;
  ++of_peer_[seat->peer];
  seats_.emplace(place_of(*seat), seat);
  return seat;
}

void Seats::give_back(const Key& seat) {
  if (std::exchange(seat->left, true)) return;
  seats_.erase(place_of(*seat));
  const auto count = of_peer_.find(seat->peer);
  if (--count->second == 0) of_peer_.erase(count);
}

void Seats::answering(const Key& seat) { move(seat, false); }
void Seats::reading(const Key& seat) { move(seat, true); }

void Seats::move(const Key& seat, bool reading) {
  if (seat->left) return;
  seats_.erase(place_of(*seat));
  seat->reading = reading;
  seat->turn = ++turns_;
  seats_.emplace(place_of(*seat), seat);
}

// Of the peer itself where it has its share; else of whoever has most.
void Seats::make_room(const std::string& peer) {
  const auto own = of_peer_.find(peer);
  const bool too_many = own != of_peer_.end() && own->second >= room_.of_a_peer;
  if (!too_many && seats_.size() < room_.all) return;
  if (seats_.empty()) return;
  const std::string from =
      too_many ? peer : std::ranges::max_element(of_peer_, {}, [](const auto& each) {
                          return each.second;
                        })->first;
  const auto oldest =
      std::ranges::find_if(seats_, [&](const auto& each) { return each.second->peer == from; });
  const Key seat = oldest->second;
  give_back(seat);
  ++displaced_;
  seat->leave();
}

}  // namespace fanfare
