// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/event_reach.h"

#include <utility>

#include "agent/kernel/class_rules.h"
#include "agent/kernel/identity_rule.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto turn_period = 10s;  // as agent/kernel/reach_reader.cpp

void note_reached_local(fanfare_reach& total, fanfare_event_seen& seen) {
  if (!std::exchange(seen.reached_local, 1)) ++total.reached_local;
}

}  // namespace

ClientRules::ClientRules(const Knobs& knobs) {
  for (const std::uint32_t i : places_that_read(knobs)) {
    const ShardKnobs& shard = knobs.shards[i];
    auto rule = static_cast<std::uint8_t>(classes_.size());
    const bool identifies = shard.identity.kind != Identity::Kind::none;
    identities_.push_back(identifies ? identity_rule(shard.identity, i) : fanfare_identity_rule{});
    classes_.push_back(tells(shard.classes) ? class_rule_of(shard.classes) : fanfare_class_rule{});
    if (identifies) rule |= FANFARE_RULE_IDENTITY;
    if (tells(shard.classes)) rule |= FANFARE_RULE_CLASSES;
    for (const auto port : shard.client_ports) by_port_.emplace(port, rule);
  }
}

std::uint8_t ClientRules::on_port(std::uint16_t port) const {
  const auto found = by_port_.find(port);
  return found == by_port_.end() ? 0 : found->second;
}

EventReach::EventReach(const Knobs& knobs) : capacity_(knobs.identities) {
  for (const auto& shard : knobs.shards)
    if (shard.identity.kind != Identity::Kind::none) totals_.resize(knobs.shards.size());
}

fanfare_event_seen* EventReach::keep(std::uint64_t hash, const fanfare_event_seen& fresh,
                                     bool& made) {
  made = false;
  for (const int turn : {turn_, 1 - turn_})
    if (const auto seen = seen_[turn].find(hash); seen != seen_[turn].end()) return &seen->second;
  if (seen_[turn_].size() >= capacity_) return nullptr;
  made = true;
  return &seen_[turn_].emplace(hash, fresh).first->second;
}

bool EventReach::note(std::uint32_t shard, std::uint64_t hash, std::uint64_t cookie, bool inbound) {
  fanfare_reach& total = totals_.at(shard);
  bool made = false;
  if (hash == 0) {
    ++total.unidentified;
    return true;
  }
  if (inbound) {
    auto* seen = keep(hash, {.publisher = cookie, .reached = 0, .reached_local = 0}, made);
    const bool first = !seen || made || seen->publisher == 0;
    if (first && seen) seen->publisher = cookie;
    total.accepted += first;
    if (first && seen && seen->reached) note_reached_local(total, *seen);
    return seen;
  }
  auto* seen = keep(hash, {.publisher = 0, .reached = 1, .reached_local = 0}, made);
  if (seen && !made && seen->publisher == cookie) {
    ++total.own_copies;
    return true;
  }
  ++total.copies;
  if (seen && (made || !std::exchange(seen->reached, 1))) {
    ++total.reached;
    if (seen->publisher) note_reached_local(total, *seen);
  }
  return seen;
}

void EventReach::turn(Monotonic now) {
  if (!turned_) turned_ = now;
  if (now - *turned_ < turn_period) return;
  turn_ = 1 - turn_;
  seen_[turn_].clear();
  turned_ = now;
}

}  // namespace fanfare
