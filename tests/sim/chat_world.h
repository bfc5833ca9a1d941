// SPDX-License-Identifier: Apache-2.0
// A chat with rooms of heavy-tailed sizes and self-exciting talk, as an agent on one of its nodes
// sees it, second by second. It knows nothing of how the agent judges; it is written from how chats
// behave.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "agent/model/deltas.h"
#include "tests/sim/chance.h"
#include "tests/sim/crowd.h"
#include "tests/sim/laws.h"
#include "tests/sim/wheel.h"

namespace fanfare::sim {

struct WorldShape {
  double events_per_second = 20;  // of the shard: all of them come due on each node
  CrowdShape crowd{};             // crowd.online 0: one event of each user in five minutes
  double branching = .7, reply_seconds = 15;
  double over_http = 0;    // share of publishes, whose publisher's socket is not known
  double woken = .03;      // chance that an event brings a member who was offline
  bool any_order = false;  // the server walks its subscribers from a random place on
  bool replicates = true, identifies = true, reads_rooms = true;
  bool leave_frames = false;  // a socket that leaves a room says so
};

class ChatWorld {
 public:
  ChatWorld(const WorldShape& shape, Laws laws, std::uint64_t seed);

  // The next second, as the model hands it over. Seconds begin at 1; before that the world has
  // already lived for a while.
  const std::vector<ShardDelta>& advance();
  Second now() const { return now_ - lived_; }

  // Of the world itself, for its own tests: due on this node; those that had a reader here.
  struct Truth {
    double due = 0, local = 0, readable = 0, copies = 0;
  };
  const Truth& truth() const { return truth_; }
  const Crowd& crowd() const { return crowd_; }

 private:
  using FlightId = std::uint32_t;
  struct Flight {
    Room room = 0;
    User publisher = nobody;
    SocketId publisher_socket = 0;
    double due = 0, planned_lag = 0, lag = -1;  // seconds; no copy yet: -1
    std::uint32_t copies = 0;
    User resumed = nobody;  // the first copy goes to this one, when its stall ends
    bool local = false, lost = false, settled = false, waits = false;
    std::array<SocketId, event_receivers> to{};
  };

  void live_before();
  void apply_laws();
  void begin(const Law& law);
  void run(const Law& law, Second t);
  void end(const Law& law);
  void close_sockets(unsigned node, double share, double pause_seconds);
  void empty_rooms_slowly(const Law& law);
  void be_born();
  void talk(double immigrants);
  void publish(Room room, User user, unsigned replies);
  void publish_to_nobody(std::uint32_t rooms);
  void come_due(Room room, User user, bool local, bool vanishes);
  void copy(FlightId id);
  void write_copies(Flight& flight);
  void settle(FlightId id);
  void lose_sight();
  void fill_figures();
  void free_if_over(FlightId id);
  bool is_served(User user) const;
  bool is_seen(User user) const;
  bool is_lost(bool local, Room room);

  WorldShape shape_;
  Laws laws_;
  Chance chance_;
  Crowd crowd_;
  std::vector<ShardDelta> deltas_;
  Second now_ = 0, lived_ = 0;
  double immigrants_ = 0;  // events a second that nobody answered to, for each user online
  double produced_ = 0;    // events since the rate was set

  std::vector<Flight> flights_;
  std::vector<FlightId> free_, copied_;
  Wheel<FlightId> copying_, settling_;
  Wheel<Room> replies_;
  struct Held {
    Room room;
    User user;
    bool local;
  };
  std::vector<Held> held_;     // due once the node, or the log, goes on
  std::vector<double> named_;  // by room: when the last message left that an event names
  std::uint64_t hidden_ = 0;   // copies of this second inside another's message

  // What laws have set for this second.
  struct Now {
    double lost = 0, lost_remote = 0, lost_local = 0, unserved = 0, delay = 0;
    double traffic = 1, hot = 0, empty = 0, empty_rooms = 0, fewer = 0, vanish = 0;
    double capture_losses = 0, unsynced = 0, batch = 0;
    Second wedged_since = -1;
    bool doubled = false, holds = false;
  } is_;
  Room hot_ = UINT32_MAX, dark_ = UINT32_MAX;
  Truth truth_{};
};

}  // namespace fanfare::sim
