// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/event_reach.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "agent/kernel/class_rules.h"
#include "agent/kernel/identity_rule.h"
#include "bpf/framers/log.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto turn_period = 10s;  // as agent/kernel/reach_reader.cpp

bool become(fanfare_event_seen& seen, std::uint32_t state) {
  const bool is_new = (seen.state & state) == 0;
  seen.state |= state;
  return is_new;
}

void note_reached_local(fanfare_reach& total, fanfare_event_seen& seen) {
  if (become(seen, FANFARE_EVENT_REACHED_LOCAL)) ++total.reached_local;
}

}  // namespace

ClientRules::ClientRules(const Knobs& knobs) {
  for (const std::uint32_t i : places_that_read(knobs)) {
    const ShardKnobs& shard = knobs.shards[i];
    auto rule = static_cast<std::uint8_t>(classes_.size());
    const bool identifies = shard.identity.kind != Identity::Kind::none;
    identities_.push_back(identifies ? identity_rule(shard.identity, i) : fanfare_identity_rule{});
    rooms_.push_back(has_rooms(shard) ? room_rule(shard.room, i) : fanfare_identity_rule{});
    classes_.push_back(tells(shard.classes) ? class_rule_of(shard.classes) : fanfare_class_rule{});
    if (identifies) rule |= FANFARE_RULE_IDENTITY;
    if (tells(shard.classes)) rule |= FANFARE_RULE_CLASSES;
    for (const auto port : shard.client_ports) by_port_.emplace(port, rule);
    if (has_rooms(shard))
      for (const auto port : shard.replication_ports) by_port_.emplace(port, rule);
  }
}

std::uint8_t ClientRules::on_port(std::uint16_t port) const {
  const auto found = by_port_.find(port);
  return found == by_port_.end() ? 0 : found->second;
}

EventReach::EventReach(const Knobs& knobs) : capacity_(knobs.identities) {
  for (const auto& shard : knobs.shards) {
    if (shard.identity.kind != Identity::Kind::none) totals_.resize(knobs.shards.size());
    has_rooms_.push_back(has_rooms(shard));
    replicates_.push_back(!shard.replication_ports.empty());
  }
  logs_.resize(knobs.shards.size());
  if (std::ranges::none_of(knobs.shards, has_rooms)) return;
  events_.resize(std::bit_ceil(2 * knobs.identities));
  settler_.emplace(events_.size());
}

// As bpf/events.bpf.h.
std::uint64_t EventReach::begin_event(const EventSight& sight) {
  if (!has_rooms_.at(sight.shard)) return 0;
  fanfare_event& event = events_[++last_ticket_ % events_.size()];
  event = {};
  event.ticket = last_ticket_;
  event.identity = sight.identity;
  event.shard = sight.shard;
  return last_ticket_;
}

fanfare_event* EventReach::event_of(const fanfare_event_seen* seen, const EventSight& sight) {
  if (!seen || seen->ticket == 0) return nullptr;
  fanfare_event& event = events_[seen->ticket % events_.size()];
  if (static_cast<std::uint32_t>(event.ticket) != seen->ticket) return nullptr;
  if (event.room == 0) event.room = sight.room;
  return &event;
}

fanfare_event_seen* EventReach::keep(const EventSight& sight, const fanfare_event_seen& fresh,
                                     bool& made) {
  made = false;
  for (const int turn : {turn_, 1 - turn_})
    if (const auto seen = seen_[turn].find(sight.identity); seen != seen_[turn].end())
      return &seen->second;
  if (seen_[turn_].size() >= capacity_) return nullptr;
  made = true;
  auto& seen = seen_[turn_].emplace(sight.identity, fresh).first->second;
  seen.ticket = static_cast<std::uint32_t>(begin_event(sight));
  return &seen;
}

fanfare_event_seen* EventReach::note_accepted(const EventSight& sight) {
  fanfare_reach& total = totals_[sight.shard];
  bool made = false;
  fanfare_event_seen fresh{};
  fresh.publisher = sight.cookie;
  auto* seen = keep(sight, fresh, made);
  if (seen && !made && seen->publisher != 0) return seen;  // published twice
  ++total.accepted;
  if (!seen) return seen;
  seen->publisher = sight.cookie;
  if (!made && (seen->state & FANFARE_EVENT_REACHED)) note_reached_local(total, *seen);
  if (auto* event = event_of(seen, sight)) {
    event->publisher = sight.cookie;
    if (!replicates_[sight.shard] && event->due_ns == 0)
      event->due_ns = static_cast<std::uint64_t>(sight.at.count());
  }
  return seen;
}

fanfare_event_seen* EventReach::note_copy(const EventSight& sight) {
  fanfare_reach& total = totals_[sight.shard];
  bool made = false;
  fanfare_event_seen fresh{};
  fresh.state = FANFARE_EVENT_REACHED;
  auto* seen = keep(sight, fresh, made);
  if (seen && !made && seen->publisher == sight.cookie) {
    ++total.own_copies;
    return seen;
  }
  ++total.copies;
  if (seen && (made || become(*seen, FANFARE_EVENT_REACHED))) {
    ++total.reached;
    if (seen->publisher) note_reached_local(total, *seen);
  }
  if (auto* event = event_of(seen, sight)) {
    if (event->first_copy_ns == 0)
      event->first_copy_ns = static_cast<std::uint64_t>(sight.at.count());
    ++event->copies;
    for (auto& to : event->to) {
      if (to == 0) to = sight.cookie;
      if (to == sight.cookie) break;
    }
  }
  return seen;
}

bool EventReach::note(const EventSight& sight) {
  if (sight.identity == 0) {
    ++totals_.at(sight.shard).unidentified;
    return true;
  }
  return (sight.inbound ? note_accepted(sight) : note_copy(sight)) != nullptr;
}

// As count_entry() in bpf/reach.bpf.h.
bool EventReach::note_entry(const EventSight& sight, std::uint64_t index) {
  const auto at = static_cast<std::uint64_t>(sight.at.count());
  if (!log_meets(&logs_.at(sight.shard), index, at) || sight.identity == 0) return true;
  bool made = false;
  const auto* seen = keep(sight, {}, made);
  if (auto* event = event_of(seen, sight); event && event->due_ns == 0) event->due_ns = at;
  return seen != nullptr;
}

void EventReach::turn(Monotonic now, Snapshot& snapshot) {
  if (settler_) {
    settler_->advance(
        now, last_ticket_,
        [this](std::uint64_t ticket) -> std::optional<fanfare_event> {
          const auto& event = events_[ticket % events_.size()];
          if (event.ticket != ticket) return {};
          return event;
        },
        snapshot.events);
    snapshot.losses[FANFARE_LOSS_EVENTS_OVERTAKEN] = settler_->overtaken();
  }
  if (!turned_) turned_ = now;
  if (now - *turned_ < turn_period) return;
  turn_ = 1 - turn_;
  seen_[turn_].clear();
  turned_ = now;
}

}  // namespace fanfare
