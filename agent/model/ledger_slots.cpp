// SPDX-License-Identifier: Apache-2.0
// The shards of the ledger from their first name to their end.
#include <algorithm>
#include <utility>

#include "agent/model/ledger.h"

namespace fanfare {
namespace {

// A flow waits so many ticks for its listener before it is named without it.
constexpr std::uint8_t patience_ticks = 5;
// Names over the limit are told by their number; so many are told apart.
constexpr std::size_t most_beyond = 65536;

void add(DirectionTotals& to, const DirectionTotals& from) {
  to.frames += from.frames;
  for (int i = 0; i < FANFARE_CLASS_COUNT; ++i) {
    to.messages[i] += from.messages[i];
    to.bytes[i] += from.bytes[i];
  }
}

}  // namespace

// Shards of the configuration have their place whatever happens; the others share the rest.
bool Ledger::has_room(const std::string& name) const {
  if (rule_by_name_.contains(name) || name == overflow_shard) return true;
  const auto automatic = std::ranges::count_if(slots_, [this](const Slot& slot) {
    return slot.used && slot.shown.name != overflow_shard &&
           !rule_by_name_.contains(slot.shown.name);
  });
  return static_cast<std::size_t>(automatic) + rules_.size() < limits_.shards;
}

std::uint32_t Ledger::slot_named(const std::string& name) {
  const auto known = slot_by_name_.find(name);
  if (known != slot_by_name_.end()) {
    slots_[known->second].waits_for.reset();  // it is not of one listener alone
    return known->second;
  }
  if (has_room(name)) return add_slot(name);
  if (beyond_.size() < most_beyond) beyond_.insert(name);
  return slot_named(overflow_shard);
}

// Of a listener that is not known well enough.
std::uint32_t Ledger::slot_waiting(const std::string& name, const PortKey& key) {
  const auto known = slot_by_name_.find(name);
  if (known != slot_by_name_.end() && slots_[known->second].waits_for == key) return known->second;
  const bool is_new = known == slot_by_name_.end() && has_room(name);
  const auto slot = slot_named(name);
  if (is_new && !rule_by_name_.contains(name)) slots_[slot].waits_for = key;
  return slot;
}

std::uint32_t Ledger::add_slot(const std::string& name) {
  std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
  if (free_slots_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = Slot{};
  }
  slots_[slot].shown.name = name;
  slots_[slot].last_socket = taken_;
  slot_by_name_.emplace(name, slot);
  return slot;
}

Ledger::Naming Ledger::naming_by(const ListenerFacts& facts, std::uint16_t port) const {
  const bool known = facts.certain && facts.cgroup_path;
  return {.name = shard_name(rules_, facts, port),
          .complete = known && !facts.awaits_pod,
          .worth_waiting = !known || (needs_pods_ && facts.awaits_pod)};
}

const Ledger::Naming& Ledger::naming_of(const Snapshot& snapshot, std::uint64_t cookie,
                                        const fanfare_flow& flow) {
  auto& naming = names_[{flow.cgroup_id, flow.netns, flow.local_port}];
  if (naming.name.empty())
    naming =
        naming_by(listener_facts(*snapshot.owners, *snapshot.pods, cookie, flow), flow.local_port);
  return naming;
}

const Ledger::Naming& Ledger::naming_of(const Snapshot& snapshot, const PortKey& key) {
  auto& naming = names_[key];
  if (naming.name.empty())
    naming = naming_by(
        listener_facts(*snapshot.owners, *snapshot.pods,
                       listener_at(*snapshot.owners, {key.netns, key.port}), key.cgroup_id),
        key.port);
  return naming;
}

// A flow whose listener is not known yet waits for it. It is named without when that does not come,
// or when the flow is over: its counts must not be lost. Once named for good it keeps its shard,
// whoever listens on the port later.
void Ledger::name_flow(const Snapshot& snapshot, std::uint64_t cookie, const fanfare_flow& flow,
                       Tracked& tracked) {
  if (tracked.named_for_good) return;
  const auto before = tracked.slot;
  const auto& naming = naming_of(snapshot, cookie, flow);
  if (!naming.complete && tracked.slot != no_shard) return;
  const bool waits = naming.worth_waiting && !slot_by_name_.contains(naming.name);
  if (waits && flow.life != FANFARE_CLOSED && tracked.ticks_unnamed++ < patience_ticks) return;
  const PortKey key{flow.cgroup_id, flow.netns, flow.local_port};
  if (naming.name == selftest_shard)
    tracked.slot = tests_shard;
  else
    tracked.slot = naming.complete ? slot_named(naming.name) : slot_waiting(naming.name, key);
  tracked.named_for_good = naming.complete;
  if (before >= slots_.size() || before == tracked.slot || tracked.slot == tests_shard) return;
  const bool inner = tracked.delivery.state().inner;
  tracked.delivery.move(inner ? slots_[before].inner : slots_[before].edge,
                        inner ? slots_[tracked.slot].inner : slots_[tracked.slot].edge);
}

// What was counted before the name was known goes on under it, with all its figures. Between two
// ticks: gauges are of none.
void Ledger::name_what_waits(const Snapshot& snapshot) {
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (!slots_[slot].used || !slots_[slot].waits_for) continue;
    const auto key = *slots_[slot].waits_for;
    const Naming naming = naming_of(snapshot, key);
    if (!naming.complete) continue;
    if (naming.name == selftest_shard) {
      end(slot, tests_shard);
      continue;
    }
    if (naming.name == slots_[slot].shown.name) {
      slots_[slot].waits_for.reset();
      continue;
    }
    merge(slot, slot_named(naming.name));
  }
}

void Ledger::merge(std::uint32_t from, std::uint32_t into) {
  const Slot& old = slots_[from];
  Slot& slot = slots_[into];
  add(slot.out, old.out);
  add(slot.in, old.in);
  slot.edge = sum(slot.edge, old.edge);
  slot.inner = sum(slot.inner, old.inner);
  slot.shown.losses += old.shown.losses;
  slot.shown.accepted_over_http += old.shown.accepted_over_http;
  slot.shown.sockets_opened += old.shown.sockets_opened;
  slot.shown.closed_by_peer += old.shown.closed_by_peer;
  slot.shown.closed_by_local += old.shown.closed_by_local;
  slot.shown.closed_by_timeout += old.shown.closed_by_timeout;
  slot.emitted = std::max(slot.emitted, old.emitted);
  for (auto& [cookie, tracked] : tracked_)
    if (tracked.slot == from) tracked.slot = into;
  for (auto& [port, of] : slot_of_port_)
    if (of == from) of = into;
  ended_.push_back({old.shown.name, old.last_socket_wall, slot.shown.name});
  free_slot(from);
}

// Whose server listens lives, whether anybody is connected or not.
void Ledger::look_for_listeners(const Snapshot& snapshot) {
  for (auto& slot : slots_) slot.has_listener = false;
  for (const auto& [key, owner] : snapshot.owners->listeners) {
    const auto& naming = naming_of(snapshot, PortKey{owner.cgroup_id, key.netns, key.port});
    const auto found = slot_by_name_.find(naming.name);
    // The agent's own port is none of its selftest's.
    if (found != slot_by_name_.end() && naming.name != selftest_shard)
      slots_[found->second].has_listener = true;
  }
}

void Ledger::note_socket(std::uint32_t slot, const Snapshot& snapshot) {
  slots_[slot].last_socket = snapshot.taken;
  slots_[slot].last_socket_wall = snapshot.wall;
}

void Ledger::end_idle() {
  const std::chrono::seconds idle(limits_.shard_idle_seconds);
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (!slot.used || rule_by_name_.contains(slot.shown.name) || slot.has_listener) continue;
    if (taken_ - slot.last_socket < idle) continue;
    if (slot.shown.name == overflow_shard) beyond_.clear();
    slot_of_replicated_.erase(slot.shown.name);
    end(i, no_shard);
  }
}

// What was in it belongs to no shard any more, or to a selftest.
void Ledger::end(std::uint32_t slot, std::uint32_t goes_on_in) {
  ended_.push_back({slots_[slot].shown.name, slots_[slot].last_socket_wall, {}});
  if (goes_on_in == no_shard)
    boost::unordered::erase_if(tracked_,
                               [slot](const auto& entry) { return entry.second.slot == slot; });
  for (auto& [cookie, tracked] : tracked_)
    if (tracked.slot == slot) tracked.slot = goes_on_in;
  free_slot(slot);
}

void Ledger::free_slot(std::uint32_t slot) {
  slot_by_name_.erase(slots_[slot].shown.name);
  std::erase_if(slot_of_port_, [slot](const auto& entry) { return entry.second == slot; });
  slots_[slot] = Slot{};
  slots_[slot].used = false;
  free_slots_.push_back(slot);
}

}  // namespace fanfare
