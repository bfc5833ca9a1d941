// SPDX-License-Identifier: Apache-2.0
// What became of each event whose identity was read: bpf/reach.bpf.h in user space, call for call,
// with two maps in turn. A replay reads one packet at a time, so nothing races here.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/kernel/knobs.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

// The rules of the shards whose messages are read, and which one holds on a port.
class ClientRules {
 public:
  // Throws StartError: as the kernel would, more rules than FANFARE_CLIENT_RULES_MAX.
  explicit ClientRules(const Knobs& knobs);

  // As fanfare_direction.client_rule.
  std::uint8_t on_port(std::uint16_t port) const;
  const fanfare_identity_rule& identity(std::uint8_t rule) const {
    return identities_.at(rule & FANFARE_RULE_PLACE);
  }
  const fanfare_class_rule& classes(std::uint8_t rule) const {
    return classes_.at(rule & FANFARE_RULE_PLACE);
  }

 private:
  std::vector<fanfare_identity_rule> identities_;
  std::vector<fanfare_class_rule> classes_;
  std::unordered_map<std::uint16_t, std::uint8_t> by_port_;
};

class EventReach {
 public:
  explicit EventReach(const Knobs& knobs);

  // A message of class event has ended. `hash` 0: its identity could not be read. Returns false
  // where it could not be kept.
  bool note(std::uint32_t shard, std::uint64_t hash, std::uint64_t cookie, bool inbound);
  // Ages what has been seen.
  void turn(Monotonic now);
  const std::vector<fanfare_reach>& totals() const { return totals_; }

 private:
  using Seen = std::unordered_map<std::uint64_t, fanfare_event_seen>;
  fanfare_event_seen* keep(std::uint64_t hash, const fanfare_event_seen& fresh, bool& made);

  std::vector<fanfare_reach> totals_;
  std::uint32_t capacity_;
  Seen seen_[2];
  int turn_ = 0;
  std::optional<Monotonic> turned_;
};

}  // namespace fanfare
