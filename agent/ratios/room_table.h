// SPDX-License-Identifier: Apache-2.0
// What is known of each room of a shard on this node. Bounded: over `rooms_max` the room without an
// event for the longest time is forgotten, and counted. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "agent/ratios/witnesses.h"

namespace fanfare {

inline constexpr std::size_t rooms_max = 65536;
// A room that has had no reader for so long is a room without history.
inline constexpr double room_forgotten_seconds = 6 * 3600;

struct KnownRoom {
  RoomId id = 0;
  double last_hit = 0;       // s; a late copy renews it
  double last_event = 0;     // s
  double usual = 0;          // copies of an event that reached somebody: EWMA, weight 0.3
  double open_then = 0;      // client sockets of the shard at the last hit
  std::uint32_t misses = 0;  // in a row, of those that were trials
  Credit credit{};
  std::array<Witness, event_receivers> witnesses{};
};

class RoomTable {
 public:
  // Null where it is not known, or has been forgotten at `now`.
  KnownRoom* find(RoomId id, double now, Witnesses& witnesses);
  // A new one; `id` is not known.
  KnownRoom& add(RoomId id, double now, Witnesses& witnesses);
  // It has had an event: those come first in all().
  void touch(KnownRoom& room, double now);

  const std::list<KnownRoom>& all() const { return rooms_; }  // the one with the latest event first
  std::uint64_t forced_out() const { return forced_out_; }

 private:
  void erase(std::list<KnownRoom>::iterator room, Witnesses& witnesses);

  std::list<KnownRoom> rooms_;
  std::unordered_map<RoomId, std::list<KnownRoom>::iterator> by_id_;
  std::uint64_t forced_out_ = 0;
};

}  // namespace fanfare
