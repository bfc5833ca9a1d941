// SPDX-License-Identifier: Apache-2.0
// What became of each event whose identity was read: bpf/reach.bpf.h in user space, call for call,
// with two maps in turn. A replay reads one packet at a time, so nothing races here.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/kernel/event_settler.h"
#include "agent/kernel/knobs.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

// The rules of the shards whose messages are read, and which one holds on a port.
class ClientRules {
 public:
  // Throws StartError: as the kernel would, more rules than FANFARE_CLIENT_RULES_MAX.
  explicit ClientRules(const Knobs& knobs);

  // As fanfare_direction.client_rule; of a replication port 0, unless entries are read there.
  std::uint8_t on_port(std::uint16_t port) const;
  const fanfare_identity_rule& identity(std::uint8_t rule) const {
    return identities_.at(rule & FANFARE_RULE_PLACE);
  }
  // Without a pattern: the shard has no rooms.
  const fanfare_identity_rule& room(std::uint8_t rule) const {
    return rooms_.at(rule & FANFARE_RULE_PLACE);
  }
  const fanfare_class_rule& classes(std::uint8_t rule) const {
    return classes_.at(rule & FANFARE_RULE_PLACE);
  }

 private:
  std::vector<fanfare_identity_rule> identities_, rooms_;
  std::vector<fanfare_class_rule> classes_;
  std::unordered_map<std::uint16_t, std::uint8_t> by_port_;
};

// An event met on a client's socket.
struct EventSight {
  std::uint32_t shard = 0;
  std::uint64_t identity = 0;  // 0: could not be read
  std::uint64_t room = 0;      // same
  std::uint64_t cookie = 0;
  bool inbound = false;
  Monotonic at{};
};

class EventReach {
 public:
  explicit EventReach(const Knobs& knobs);

  // A message of class event has ended. Returns false where it could not be kept.
  bool note(const EventSight& sight);
  // A log entry of a shard with rooms has been read; same.
  bool note_entry(const EventSight& sight, std::uint64_t index);
  // Puts in what has settled, and ages what has been seen.
  void turn(Monotonic now, Snapshot& snapshot);
  const std::vector<fanfare_reach>& totals() const { return totals_; }

 private:
  using Seen = std::unordered_map<std::uint64_t, fanfare_event_seen>;
  fanfare_event_seen* keep(const EventSight& sight, const fanfare_event_seen& fresh, bool& made);
  fanfare_event_seen* note_accepted(const EventSight& sight);
  fanfare_event_seen* note_copy(const EventSight& sight);
  std::uint64_t begin_event(const EventSight& sight);
  fanfare_event* event_of(const fanfare_event_seen* seen, const EventSight& sight);

  std::vector<fanfare_reach> totals_;
  std::vector<std::uint8_t> has_rooms_, replicates_;  // by shard
  std::vector<fanfare_log> logs_;                     // same
  std::vector<fanfare_event> events_;                 // a ring; empty where no shard has rooms
  std::uint64_t last_ticket_ = 0;
  std::optional<EventSettler> settler_;
  std::uint32_t capacity_;
  Seen seen_[2];
  int turn_ = 0;
  std::optional<Monotonic> turned_;
};

}  // namespace fanfare
