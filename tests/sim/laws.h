// SPDX-License-Identifier: Apache-2.0
// What happens to a chat, and when: faults of this node, and innocent changes. Each is a small
// value with a begin and an end in seconds of the agent's life; a world has any number of them.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace fanfare::sim {

enum class Kind {
  // Faults. `amount` is a share unless said.
  lost,              // of all events, of the copies of an event all
  lost_remote,       // ... of those that other nodes' clients published
  lost_local,        // ... of those that this node's clients published
  ramp,              // lost, growing from 0 at the begin to `amount` at the end, and staying there
  flapping,          // lost, 10 s of each minute
  unserved,          // of the members of each room, always the same ones, get nothing
  room_lost,         // the room with most readers here gets nothing
  doubled,           // every copy twice
  delayed,           // every copy `amount` seconds late
  creeping,          // same, growing from 0 at the begin to `amount` seconds at the end
  wedged,            // the server reads and writes no more; its kernel still takes what comes
  clients_gone,      // of the clients of this node, and they do not come back before the end
  publishes_fewer,   // of all publishes are not made any more
  publishes_vanish,  // of what this node accepts never comes due
  capture_losses,    // `amount` a second: copies that the agent did not see, and knows of
  unsynced,          // of the client sockets cannot be read
  // Innocent.
  traffic,  // `amount` times as many events
  storm,    // of all clients, `more` of them on this node only, lose their sockets, back in 2 min
  restart,  // this node: all sockets close, nothing comes due for `amount` s, then all of it
  restart_other,  // another node: its clients come here
  drain,          // this node's sockets close one by one, new ones go elsewhere
  weight,         // `amount`: this node gets so many times the new sockets of another
  affinity,       // `amount`: share of the clients that connect to the node of their first room
  screens,        // from the begin on a new socket reads one of its rooms only
  rooms_left,     // of the rooms are left by their readers here, sockets stay open, within the time
  empty_rooms,    // `amount` events a second into `more` rooms without readers
  hot_room,       // `amount` times the usual traffic into the largest room beside it
  live_event,     // `amount` times the clients come into the largest room and leave at the end
  batching,       // events of a room within `amount` s leave as one message, named by the first
  stalls,         // of the mobile clients stall each minute
  cell_stall,     // of this node's clients stall together at the begin for `more` seconds
  election,       // nothing comes due, and then all of it
};

inline constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max() / 4;

struct Law {
  Kind kind;
  std::int64_t begin = 0;
  std::int64_t end = for_ever;
  double amount = 1;
  double more = 0;

  bool holds(std::int64_t now) const { return begin <= now && now < end; }
};

using Laws = std::vector<Law>;

}  // namespace fanfare::sim
