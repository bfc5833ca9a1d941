// SPDX-License-Identifier: Apache-2.0
#include "agent/model/replication.h"

#include <algorithm>
#include <span>
#include <utility>

#include "agent/config/config_values.h"
#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

// A socket waits so many ticks for the owner scan where its shard depends on its process.
constexpr std::uint8_t patience_ticks = 5;
// Whoever connects to a replication port must not add series without end.
constexpr std::size_t most_unnamed_peers = 64;
constexpr const char* overflow_peer = "other";

std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

const fanfare_direction& requests_of(const fanfare_flow& flow) {
  return flow.dialled ? flow.out : flow.in;
}

const fanfare_direction& answers_of(const fanfare_flow& flow) {
  return flow.dialled ? flow.in : flow.out;
}

bool is_synced(const fanfare_flow& flow) {
  return flow.out.stage == FANFARE_STAGE_RPC && flow.in.stage == FANFARE_STAGE_RPC;
}

// Its first bytes were no RPC, and none has come since.
bool is_stranger(const fanfare_flow& flow) {
  const auto& requests = requests_of(flow);
  return requests.lost_by == FANFARE_LOSS_NOT_A_PEER && requests.tally.frames == 0;
}

// Not every connection to a replication port is a peer's: it has spoken the protocol, or it is
// older than the agent and nothing is known against it.
bool looks_like_peer(const fanfare_flow& flow) {
  if (is_stranger(flow)) return false;
  const bool may_be = flow.opened_ns == 0 && flow.in.stage == FANFARE_STAGE_ANCHOR;
  return flow.dialled || flow.in.tally.frames > 0 || flow.out.tally.frames > 0 || may_be;
}

void add_growth(RpcTotals& totals, const fanfare_tally& now, const fanfare_tally& before) {
  totals.append += grown(now.rpcs.append, before.rpcs.append);
  totals.append_empty += grown(now.rpcs.append_empty, before.rpcs.append_empty);
  totals.heartbeat += grown(now.rpcs.heartbeat, before.rpcs.heartbeat);
  totals.vote += grown(now.rpcs.vote, before.rpcs.vote);
  totals.snapshot += grown(now.rpcs.snapshot, before.rpcs.snapshot);
  totals.other += grown(now.rpcs.other, before.rpcs.other);
  totals.entries += grown(now.rpcs.entries, before.rpcs.entries);
  totals.commands += grown(now.rpcs.commands, before.rpcs.commands);
}

void forget_indexes(Peer& peer) { peer.sent_index = peer.confirmed_index = 0; }

}  // namespace

void ReplicationLedger::forget_rules() {
  for (auto& [cookie, tracked] : tracked_) {
    tracked.rule = nullptr;
    tracked.shard = nullptr;
    tracked.peer = nullptr;
    tracked.placed = false;
    tracked.ticks_unplaced = 0;
  }
}

void ReplicationLedger::fill(Shard& shard) const {
  const auto found = shards_.find(shard.name);
  if (found == shards_.end()) return;
  for (const auto& [name, peer] : found->second.peers) shard.peers.push_back(peer.shown);
  shard.commands = found->second.log.commands();
  shard.replication_losses = found->second.losses;
  shard.strangers = found->second.strangers;
}

void ReplicationLedger::place(const Snapshot& snapshot, const std::vector<ShardRule>& rules,
                              std::size_t index, Tracked& tracked) {
  const auto& flow = snapshot.flows[index];
  const auto found =
      replication_rule(rules, *snapshot.owners, *snapshot.pods, snapshot.cookies[index], flow);
  const bool may_wait = flow.life == FANFARE_LIVE && tracked.ticks_unplaced++ < patience_ticks;
  if (!found.certain && may_wait) return;
  tracked.placed = true;
  if (!found.rule) return;
  tracked.rule = found.rule;
  tracked.shard = &shards_[found.rule->name];
  tracked.shard->name = found.rule->name;
}

// The unnamed peer that has been gone the longest makes room for one more.
bool ReplicationLedger::has_room(ShardState& shard) const {
  std::size_t unnamed = 0;
  auto oldest = shard.peers.end();
  for (auto peer = shard.peers.begin(); peer != shard.peers.end(); ++peer) {
    if (peer->second.named || peer->first == overflow_peer) continue;
    ++unnamed;
    if (oldest == shard.peers.end() || peer->second.last_tick < oldest->second.last_tick)
      oldest = peer;
  }
  if (unnamed < most_unnamed_peers) return true;
  if (oldest->second.last_tick + 1 >= tick_) return false;
  shard.peers.erase(oldest);
  return true;
}

ReplicationLedger::PeerState& ReplicationLedger::peer_of(ShardState& shard,
                                                         const Replication& replication,
                                                         const fanfare_flow& flow) {
  const std::string address = address_text(flow.remote);
  std::string name = peer_name(replication, flow);
  const bool named = !name.empty();
  if (!named) name = shard.peers.contains(address) || has_room(shard) ? address : overflow_peer;
  PeerState& peer = shard.peers[name];
  peer.named = named;
  peer.last_tick = tick_;
  peer.shown.name = name;
  peer.shown.address = name == overflow_peer ? "" : address;
  peer.shown.protocol = name_of(replication.protocol);
  return peer;
}

void ReplicationLedger::count(Sight& sight) {
  const fanfare_flow& flow = *sight.flow;
  Tracked& tracked = *sight.tracked;
  const auto& requests = requests_of(flow);
  const auto& before = flow.dialled ? tracked.out : tracked.in;
  const auto& answers_before = flow.dialled ? tracked.in : tracked.out;
  Peer& peer = tracked.peer->shown;
  RpcTotals& totals = flow.dialled ? peer.out : peer.in;
  add_growth(totals, requests.tally, before);
  totals.answers += grown(answers_of(flow).tally.frames, answers_before.frames);
  const bool live = flow.life == FANFARE_LIVE;
  if (live) ++(is_synced(flow) ? peer.sockets_synced : peer.sockets_unsynced);
  tracked.peer->last_tick = tick_;
  tracked.peer->goes_on |= flow.dialled && live && tracked.known;
  sight.asks_for_votes = flow.dialled && requests.tally.rpcs.vote > before.rpcs.vote;
  sight.step = log_step(requests.rpc, flow.dialled ? tracked.out_index : tracked.in_index,
                        grown(requests.tally.rpcs.entries, before.rpcs.entries),
                        grown(requests.tally.rpcs.commands, before.rpcs.commands), live);
  tracked.out = flow.out.tally;
  tracked.in = flow.in.tally;
}

// What somebody who never was a peer has sent is nobody's loss.
void ReplicationLedger::count_losses(const fanfare_flow& flow, Tracked& tracked) {
  const Losses lost = tracked.losses.take(flow);
  if (tracked.peer) {
    tracked.peer->shown.losses += lost;
    tracked.shard->losses += lost;
  } else if (is_stranger(flow) && !std::exchange(tracked.stranger, true)) {
    ++tracked.shard->strangers;
  }
}

// A node that asks for votes leads no more: its log may have been cut since it last sent entries. A
// peer none of whose sockets goes on has been started again, maybe with an empty log.
void ReplicationLedger::settle(ShardState& shard, std::vector<Sight>& sights, Monotonic now) {
  std::vector<LogStep> steps;
  steps.reserve(sights.size());
  for (const Sight& sight : sights) steps.push_back(sight.step);
  const bool anew = shard.log.advance(now, std::move(steps));
  const bool asks_for_votes = std::any_of(sights.begin(), sights.end(),
                                          [](const Sight& sight) { return sight.asks_for_votes; });
  for (auto& [name, peer] : shard.peers) {
    if (anew) peer.shown.received_index = 0;
    if (anew || asks_for_votes) forget_indexes(peer.shown);
  }
  for (const Sight& sight : sights)
    if (sight.flow->dialled && !sight.tracked->known && !sight.tracked->peer->goes_on)
      forget_indexes(sight.tracked->peer->shown);
  for (const Sight& sight : sights) {
    const fanfare_flow& flow = *sight.flow;
    Tracked& tracked = *sight.tracked;
    Peer& peer = tracked.peer->shown;
    if (asks_for_votes) tracked.stale_out = tracked.out_index;
    if (asks_for_votes) tracked.stale_in = tracked.in_index;
    tracked.out_index = flow.out.rpc.last_index;
    tracked.in_index = flow.in.rpc.last_index;
    const bool over = flow.life == FANFARE_CLOSED;
    const bool of_the_past =
        over && (tracked.over || anew || (flow.dialled && !tracked.peer->goes_on));
    tracked.over = over;
    tracked.known = true;
    if (of_the_past) continue;
    if (!flow.dialled) {
      peer.received_index = std::max(peer.received_index, tracked.in_index);
      continue;
    }
    if (tracked.out_index > tracked.stale_out)
      peer.sent_index = std::max(peer.sent_index, tracked.out_index);
    if (tracked.in_index > tracked.stale_in)
      peer.confirmed_index = std::max(peer.confirmed_index, tracked.in_index);
  }
}

std::vector<ReplicationSocket> ReplicationLedger::advance(const Snapshot& snapshot,
                                                          const std::vector<ShardRule>& rules) {
  ++tick_;
  for (auto& [name, shard] : shards_)
    for (auto& [peer_name, peer] : shard.peers) {
      peer.shown.sockets_synced = peer.shown.sockets_unsynced = 0;
      peer.goes_on = false;
    }
  std::vector<ReplicationSocket> sockets;
  std::map<ShardState*, std::vector<Sight>> sights;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    const auto& flow = snapshot.flows[i];
    if (!fanfare_protocol_replicates(flow.protocol) || flow.local_port == 0) continue;
    Tracked& tracked = tracked_[snapshot.cookies[i]];
    tracked.tick = tick_;
    if (!tracked.placed) place(snapshot, rules, i, tracked);
    if (!tracked.shard) continue;
    sockets.push_back({i, &tracked.shard->name});
    if (!tracked.peer && looks_like_peer(flow))
      tracked.peer = &peer_of(*tracked.shard, *tracked.rule->replication, flow);
    count_losses(flow, tracked);
    if (!tracked.peer) continue;
    Sight& sight = sights[tracked.shard].emplace_back(Sight{&flow, &tracked});
    count(sight);
  }
  for (auto& [shard, seen] : sights) settle(*shard, seen, snapshot.taken);
  std::erase_if(tracked_, [this](const auto& entry) { return entry.second.tick != tick_; });
  return sockets;
}

}  // namespace fanfare
