// SPDX-License-Identifier: Apache-2.0
// What has become of single events, where their identity and their room are read. Plain values;
// they cross the doorway to ratios.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace fanfare {

// Names a socket: its cookie. 0: none.
using SocketId = std::uint64_t;
// Names a room: the hash of the key that says whom an event is for. 0: it could not be read.
using RoomId = std::uint64_t;

inline constexpr std::size_t event_receivers = 4;  // so many are known by name

// One event that came due on this node a settle time ago, or published here.
struct SettledEvent {
  RoomId room = 0;
  bool local = false;        // a client of this node published it; else a peer or a bus brought it
  SocketId publisher = 0;    // of a local one
  std::uint32_t copies = 0;  // by now, the publisher's own left out
  double lag_seconds = -1;   // from its coming due to its first copy; negative: there is none yet
  std::array<SocketId, event_receivers> to{};  // some of those that got a copy, the first ones
};

// An event of which a copy left after it had been told of as settled without one.
struct LateEvent {
  RoomId room = 0;
  bool local = false;
  double lag_seconds = 0;
};

// A socket that has said that it reads the room no more.
struct LeftRoom {
  SocketId socket = 0;
  RoomId room = 0;
};

// Of one shard, of one tick.
struct EventOutcomes {
  std::vector<SettledEvent> settled;
  std::vector<LateEvent> late;
  std::vector<LeftRoom> left;
  std::vector<SocketId> gone;  // client sockets that have closed
};

}  // namespace fanfare
