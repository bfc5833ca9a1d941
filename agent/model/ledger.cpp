// SPDX-License-Identifier: Apache-2.0
#include "agent/model/ledger.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "agent/model/dark.h"
#include "agent/model/event_outcomes.h"
#include "agent/model/shard_names.h"
#include "bpf/tcp_states.h"

namespace fanfare {
namespace {

// A 101 at a connection's start, or frames that have proven what began them. What is still on
// probation when its connection ends has no fault, and counts. Of MQTT the configuration: there are
// no records of it on other ports. The same of streams of events that are older than the agent,
// once something has left them that is no head of HTTP.
bool is_chat_evidence(const fanfare_flow& flow) {
  const auto& out = flow.out;
  if (flow.protocol == FANFARE_MQTT) return true;
  const bool speaks = out.flags & FANFARE_SEQ_KNOWN;
  if ((flow.exchanges.wanted & FANFARE_WANT_EVENT_STREAMS) && fanfare_seeks_messages(out.stage) &&
      speaks)
    return true;
  const bool upgraded = out.flags & FANFARE_UPGRADED;
  if (flow.exchanges.streams) return true;
  if (out.stage == FANFARE_STAGE_FRAMES)
    return out.probation == 0 || (upgraded && flow.life == FANFARE_CLOSED);
  return upgraded && out.lost_by != FANFARE_LOSS_FALSE_LOCK;
}

// HTTP that has not been upgraded is no client of the chat.
bool is_client(const fanfare_flow& flow) {
  return (flow.out.flags & FANFARE_UPGRADED) || fanfare_is_synced(&flow) ||
         fanfare_seeks_messages(flow.out.stage) || flow.exchanges.streams;
}

// Modular: a tally that was taken back gives a negative delta, and the totals follow it.
void add_delta(DirectionTotals& totals, const fanfare_tally& now, fanfare_tally& last) {
  totals.frames += now.frames - last.frames;
  for (int i = 0; i < FANFARE_CLASS_COUNT; ++i) {
    totals.messages[i] += now.by_class[i].messages - last.by_class[i].messages;
    totals.bytes[i] += now.by_class[i].bytes - last.by_class[i].bytes;
  }
  last = now;
}

void raise(std::uint64_t& shown, std::uint64_t actual) {
  if (static_cast<std::int64_t>(actual - shown) > 0) shown = actual;
}

void raise(DirectionTotals& shown, const DirectionTotals& actual) {
  raise(shown.frames, actual.frames);
  for (int i = 0; i < FANFARE_CLASS_COUNT; ++i) {
    raise(shown.messages[i], actual.messages[i]);
    raise(shown.bytes[i], actual.bytes[i]);
  }
}

void count_close(Shard& shard, const fanfare_flow& flow) {
  const bool passive =
      flow.close_state == FANFARE_TCP_LAST_ACK || flow.close_state == FANFARE_TCP_CLOSE_WAIT;
  if (flow.sk_err == ECONNRESET || flow.sk_err == EPIPE || (flow.sk_err == 0 && passive))
    ++shard.closed_by_peer;
  else if (flow.sk_err == 0 || flow.sk_err == ECONNABORTED)
    ++shard.closed_by_local;
  else
    ++shard.closed_by_timeout;  // or what a router said last: TCP reports that instead
}

}  // namespace

// What was missed under the same conditions is still missed.
void Ledger::forget_presence_but_of(const std::vector<ShardRule>& rules) {
  std::erase_if(presence_, [&](const auto& entry) {
    const auto rule = std::ranges::find(rules, entry.first, &ShardRule::name);
    const auto before = rule_by_name_.find(entry.first);
    return rule == rules.end() || before == rule_by_name_.end() || !rule->expected ||
           rule->match != before->second->match;
  });
  rules_are_new_ = true;
}

Ledger::Ledger(std::vector<ShardRule> rules, const Limits& limits) {
  set_rules(std::move(rules), limits);
}

void Ledger::set_rules(std::vector<ShardRule> rules, const Limits& limits) {
  forget_presence_but_of(rules);
  rules_ = std::move(rules);
  needs_pods_ = needs_pods(rules_);
  rule_by_name_.clear();
  for (const auto& rule : rules_) rule_by_name_.emplace(rule.name, &rule);
  limits_ = limits;
  names_.clear();
  replication_.forget_rules();
  for (auto& [cookie, tracked] : tracked_) tracked.named_for_good = false;
  for (const auto& rule : rules_)
    if (rule.expected && !slot_by_name_.contains(rule.name)) add_slot(rule.name);
}

void Ledger::note_chat_ports(const Snapshot& snapshot) {
  ListenerKey last;  // most flows share their listener with the one before
  for (const auto& flow : snapshot.flows) {
    const ListenerKey key{flow.netns, flow.local_port};
    if (key.port == 0 || key == last || !is_chat_evidence(flow)) continue;
    chat_ports_.insert(key);
    last = key;
  }
  for (const auto& [cookie, socket] : snapshot.dark)
    if (socket.spoke == FANFARE_IS_CLIENTS) chat_ports_.insert({socket.netns, socket.local_port});
}

// Whose addresses are of this host is learned by and by: a socket can change its hop.
void Ledger::settle_delivery(const Snapshot& snapshot, std::size_t index, Tracked& tracked,
                             bool is_new) {
  const auto& flow = snapshot.flows[index];
  auto& slot = slots_[tracked.slot];
  auto& delivery = tracked.delivery;
  const Owner* owner = nullptr;
  if (is_new || scan_is_new_) {
    const bool was = delivery.state().inner;
    const bool inner = own_addresses_.has(flow.remote);
    delivery.set_inner(inner);
    if (was != inner) delivery.move(was ? slot.inner : slot.edge, inner ? slot.inner : slot.edge);
    const auto held = snapshot.owners->by_cookie.find(snapshot.cookies[index]);
    if (held != snapshot.owners->by_cookie.end()) owner = &held->second;
    delivery.set_orphan(scan_is_new_ && !owner && snapshot.owners->all_processes);
  }
  delivery.advance(flow, snapshot.taken, owner, slot.emitted,
                   delivery.state().inner ? slot.inner : slot.edge);
  states_[index] = delivery.state();
}

std::uint32_t Ledger::settle_flow(const Snapshot& snapshot, std::size_t index) {
  const auto& flow = snapshot.flows[index];
  if (fanfare_protocol_replicates(flow.protocol)) return no_shard;
  const ListenerKey port{flow.netns, flow.local_port};
  const bool of_chat = chat_ports_.contains(port);
  const bool client = is_client(flow) && of_chat;
  const std::uint64_t accepted = flow.exchanges.accepted;
  // Of HTTP that was given up nothing is counted any more, but what was lost.
  const bool lossy = of_chat && (flow.out.losses > 0 || flow.in.losses > 0);
  if (!flow.local_port || (!client && !lossy && accepted == 0)) return no_shard;
  auto& tracked = tracked_[snapshot.cookies[index]];
  tracked.generation = generation_;
  name_flow(snapshot, snapshot.cookies[index], flow, tracked);
  if (tracked.slot >= slots_.size()) return tracked.slot;  // not named yet, or of a selftest

  note_socket(tracked.slot, snapshot);
  slot_of_port_[port] = tracked.slot;
  auto& slot = slots_[tracked.slot];
  const Losses lost = tracked.losses.take(flow);
  slot.shown.losses += lost;
  if (lost.in > 0) lost_from_clients_.at(flow.in.lost_by) += lost.in;
  slot.shown.accepted_over_http += accepted - std::exchange(tracked.accepted, accepted);
  if (!client) return accepted > 0 ? tracked.slot : no_shard;
  add_delta(slot.out, flow.out.tally, tracked.out);
  add_delta(slot.in, flow.in.tally, tracked.in);
  settle_delivery(snapshot, index, tracked, !tracked.opened);
  if (!std::exchange(tracked.opened, true)) ++slot.shown.sockets_opened;
  if (flow.life == FANFARE_CLOSED) {
    if (!std::exchange(tracked.closed, true)) {
      count_close(slot.shown, flow);
      closed_.emplace_back(tracked.slot, snapshot.cookies[index]);
    }
  } else if (fanfare_is_synced(&flow)) {
    ++slot.shown.sockets_synced;
  } else {
    ++slot.shown.sockets_unsynced;
    slot.shown.sockets_silent += !(flow.out.flags & FANFARE_SEQ_KNOWN);
  }
  return tracked.slot;
}

// Of a port without a client nobody knows whose its sockets are.
std::uint32_t Ledger::settle_dark_socket(const Snapshot& snapshot, const DarkSocket& dark) {
  const auto& socket = dark.socket;
  const auto flow = stand_in(socket);
  if (fanfare_protocol_replicates(socket.protocol)) {
    const auto rule =
        replication_rule(rules_, *snapshot.owners, *snapshot.pods, dark.cookie, flow).rule;
    if (!rule) return no_shard;
    const auto slot = slot_named(rule->name);
    note_socket(slot, snapshot);
    ++slots_[slot].shown.replication_dark;
    return slot;
  }
  if (!chat_ports_.contains({socket.netns, socket.local_port})) return no_shard;
  auto& tracked = tracked_[dark.cookie];
  tracked.generation = generation_;
  name_flow(snapshot, dark.cookie, flow, tracked);
  if (tracked.slot >= slots_.size()) return tracked.slot;
  note_socket(tracked.slot, snapshot);
  auto& shard = slots_[tracked.slot].shown;
  ++shard.dark_by_reason[std::min<std::size_t>(socket.reason, FANFARE_DARK_REASONS - 1)];
  shard.dark_silent += socket.spoke == FANFARE_SILENT;
  return tracked.slot;
}

void Ledger::settle_dark(const Snapshot& snapshot) {
  slot_of_dark_.clear();
  for (const auto& dark : snapshot.dark)
    slot_of_dark_.push_back(settle_dark_socket(snapshot, dark));
}

void Ledger::settle_replication(const Snapshot& snapshot,
                                std::vector<std::uint32_t>& slot_of_flow) {
  for (const auto& socket : replication_.advance(snapshot, rules_)) {
    const auto [slot, is_new] = slot_of_replicated_.try_emplace(*socket.shard, no_shard);
    if (is_new) slot->second = slot_named(*socket.shard);
    slot_of_flow[socket.flow] = slot->second;
    note_socket(slot->second, snapshot);
    const auto& flow = snapshot.flows[socket.flow];
    slot_of_port_[{flow.netns, flow.dialled ? flow.remote_port : flow.local_port}] = slot->second;
  }
}

void Ledger::settle_port_losses(const Snapshot& snapshot) {
  port_losses_.forget_gone(snapshot);
  if (snapshot.port_losses.empty()) return;
  for (const auto& [port, slot] : slot_of_port_)
    slots_[slot].shown.losses += port_losses_.take(snapshot, port);
}

// Shard "other" is many, and their peers and logs have nothing in common: it shows none.
Shard Ledger::published(const Slot& slot) const {
  Shard shard = slot.shown;
  shard.delivery = sum(slot.edge, slot.inner);
  shard.delivery.bookkeeping_error += imbalance(shard.delivery);
  shard.edge_delivery = slot.edge;
  const bool empty = !slot.has_listener && slot.last_socket < taken_;
  shard.empty_for = empty ? taken_ - slot.last_socket : Monotonic{};
  shard.last_socket = slot.last_socket_wall;
  replication_.fill(shard);
  reach_.fill(shard);
  const auto rule = rule_by_name_.find(shard.name);
  if (rule == rule_by_name_.end()) return shard;
  if (rule->second->protocol == ClientProtocol::mqtt) shard.protocol = FANFARE_MQTT;
  if (rule->second->protocol == ClientProtocol::sse) shard.protocol = FANFARE_SSE;
  shard.replicates = rule->second->replication.has_value();
  shard.identifies = rule->second->identity.kind != Identity::Kind::none;
  shard.has_rooms = rule->second->room.kind != Room::Kind::none;
  shard.expected = rule->second->expected;
  shard.late_seconds = rule->second->late_seconds;
  const auto presence = presence_.find(shard.name);
  if (presence != presence_.end()) shard.presence = presence->second.at(taken_);
  return shard;
}

// A shard that nobody has met yet has no place for them, and no sockets either.
void Ledger::settle_events(const Snapshot& snapshot) {
  events_ = event_outcomes(snapshot.events, rules_);
  for (const auto& [slot, cookie] : closed_) {
    const auto& name = slots_[slot].shown.name;
    const auto rule = rule_by_name_.find(name);
    if (rule != rule_by_name_.end() && rule->second->room.kind != Room::Kind::none)
      events_[name].gone.push_back(cookie);
  }
}

void Ledger::forget_gone(const Snapshot& snapshot) {
  // Records are deleted by the reader after two sights of their final counts: nothing is lost here.
  if (tracked_.size() > snapshot.flows.size() + snapshot.dark.size() || generation_ % 16 == 0)
    boost::unordered::erase_if(
        tracked_, [this](const auto& entry) { return entry.second.generation != generation_; });
  if (generation_ % 256 != 0) return;
  forget_ports(snapshot);
  own_addresses_.forget_unused(snapshot);
}

// Where nobody listens and nothing is open, another protocol may be spoken next, and by whomever.
void Ledger::forget_ports(const Snapshot& snapshot) {
  std::set<ListenerKey> open;
  const auto add = [&open](const auto& socket) {
    open.insert({socket.netns, socket.dialled ? socket.remote_port : socket.local_port});
  };
  for (const auto& flow : snapshot.flows) add(flow);
  for (const auto& dark : snapshot.dark) add(dark.socket);
  const auto& owners = *snapshot.owners;
  const auto is_over = [&](const ListenerKey& key) {
    return !open.contains(key) && !owners.listeners.contains(key) && !owners.ended.contains(key);
  };
  std::erase_if(chat_ports_, is_over);
  std::erase_if(slot_of_port_, [&](const auto& entry) { return is_over(entry.first); });
}

Model Ledger::publish(std::vector<std::uint32_t> slot_of_flow) const {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].used) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [this](auto a, auto b) { return slots_[a].shown.name < slots_[b].shown.name; });
  Model model;
  std::vector<std::uint32_t> place(slots_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    model.shards.push_back(published(slots_[order[i]]));
    const auto events = events_.find(model.shards.back().name);
    model.events.push_back(events == events_.end() ? EventOutcomes{} : events->second);
  }
  for (auto& slot : slot_of_flow)
    if (slot < place.size()) slot = place[slot];
  model.shard_of = std::move(slot_of_flow);
  model.states = states_;
  model.dark_shard_of = slot_of_dark_;
  for (auto& slot : model.dark_shard_of)
    if (slot < place.size()) slot = place[slot];
  model.ended = ended_;
  model.lost_from_clients = lost_from_clients_;
  model.shards_over_limit = beyond_.size();
  return model;
}

void Ledger::look_for_expected(const Snapshot& snapshot) {
  const auto found = presences_of(rules_, *snapshot.owners, *snapshot.pods);
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].expected)
      presence_[rules_[i].name].see(found[i], snapshot.owners->scanned, scan_is_new_);
}

void Ledger::begin_tick(const Snapshot& snapshot) {
  ++generation_;
  taken_ = snapshot.taken;
  ended_.clear();
  closed_.clear();
  const bool owners_are_new = std::exchange(named_by_, snapshot.owners) != snapshot.owners;
  const bool other_scan =
      std::exchange(scanned_, snapshot.owners->scanned) != snapshot.owners->scanned;
  scan_is_new_ = owners_are_new && (other_scan || !snapshot.owners->same_scan);
  const bool pods_are_new = std::exchange(pods_, snapshot.pods) != snapshot.pods;
  if (owners_are_new || pods_are_new) names_.clear();
  if (owners_are_new || pods_are_new || std::exchange(rules_are_new_, false)) {
    look_for_expected(snapshot);
    look_for_listeners(snapshot);
    name_what_waits(snapshot);
  }
  note_chat_ports(snapshot);
  own_addresses_.learn(snapshot);
  states_.assign(snapshot.flows.size(), {});
  for (auto& slot : slots_) {
    slot.shown.sockets_synced = slot.shown.sockets_unsynced = slot.shown.sockets_silent = 0;
    slot.shown.dark_by_reason = {};
    slot.shown.dark_silent = slot.shown.replication_dark = 0;
    clear_gauges(slot.edge);
    clear_gauges(slot.inner);
  }
}

Model Ledger::advance(const Snapshot& snapshot) {
  begin_tick(snapshot);

  std::vector<std::uint32_t> slot_of_flow(snapshot.flows.size(), no_shard);
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i)
    slot_of_flow[i] = settle_flow(snapshot, i);
  settle_dark(snapshot);
  settle_replication(snapshot, slot_of_flow);
  settle_port_losses(snapshot);
  reach_.advance(snapshot.reach, rules_);
  settle_events(snapshot);
  forget_gone(snapshot);
  end_idle();
  for (auto& slot : slots_) {
    if (slot.out.messages[FANFARE_EVENT] > slot.shown.out.messages[FANFARE_EVENT])
      slot.emitted = snapshot.taken;
    raise(slot.shown.out, slot.out);
    raise(slot.shown.in, slot.in);
  }
  return publish(std::move(slot_of_flow));
}

}  // namespace fanfare
