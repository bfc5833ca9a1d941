// SPDX-License-Identifier: Apache-2.0
// A shard with rooms, told second by second to a Judge: each room has its readers, and each event
// of it goes to all of them or to nobody.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "agent/ratios/judge.h"
#include "tests/support/shard_story.h"

namespace fanfare {

class RoomStory {
 public:
  struct Room {
    RoomId id = 0;
    std::vector<SocketId> readers;
  };
  std::vector<Room> rooms;
  std::uint64_t sockets = 100;
  LossDelta losses{};

  // `count` rooms of `readers` each; socket ids begin at 1000.
  void add_rooms(std::size_t count, std::size_t readers) {
    for (std::size_t i = 0; i < count; ++i) {
      Room room{.id = 1 + rooms.size(), .readers = {}};
      for (std::size_t j = 0; j < readers; ++j) room.readers.push_back(next_socket_++);
      rooms.push_back(room);
    }
  }

  SettledEvent event(std::size_t room, bool reaches, bool local = false) const {
    SettledEvent event{.room = rooms.at(room).id, .local = local};
    if (!reaches) return event;
    const auto& readers = rooms.at(room).readers;
    event.copies = static_cast<std::uint32_t>(readers.size());
    event.lag_seconds = readers.empty() ? -1 : 0.01;
    for (std::size_t i = 0; i < readers.size() && i < event.to.size(); ++i)
      event.to.at(i) = readers[i];
    return event;
  }

  // One second with these events; `change` may do the rest.
  const Judgement& second(std::vector<SettledEvent> events,
                          const std::function<void(ShardDelta&)>& change = {}) {
    now_ += std::chrono::seconds(1);
    ShardDelta delta;
    delta.shard = "chat";
    delta.at = now_;
    delta.span = std::chrono::seconds(1);
    delta.replicates = delta.identifies = delta.has_rooms = true;
    delta.commands = events.size();
    for (const auto& event : events) {
      delta.copies += event.copies;
      delta.reached += event.copies > 0;
    }
    delta.sockets_synced = sockets;
    delta.losses = losses;
    delta.events.settled = std::move(events);
    if (change) change(delta);
    last_ = judge_.advance({delta}).at(0);
    return last_;
  }

  // One event in each room for so many seconds; every `nth` of them reaches nobody (0: none).
  void talk(int seconds, int nth = 0, bool local = false) {
    for (int i = 0; i < seconds; ++i) {
      std::vector<SettledEvent> events;
      for (std::size_t room = 0; room < rooms.size(); ++room)
        events.push_back(event(room, nth == 0 || ++told_ % nth != 0, local));
      second(std::move(events));
    }
  }

  // Seconds until reach is lost; empty if it is not within `most`.
  std::optional<int> until_lost(int most, int nth, bool local = false) {
    for (int i = 1; i <= most; ++i) {
      talk(1, nth, local);
      if (reach().lost) return i;
    }
    return std::nullopt;
  }

  const Signal& reach() const { return *find_signal(last_, signal_reach); }
  const Judgement& last() const { return last_; }
  Judge& judge() { return judge_; }

 private:
  Judge judge_;
  std::chrono::nanoseconds now_ = std::chrono::hours(1);
  SocketId next_socket_ = 1000;
  int told_ = 0;
  Judgement last_;
};

}  // namespace fanfare
