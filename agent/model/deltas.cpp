// SPDX-License-Identifier: Apache-2.0
#include "agent/model/deltas.h"

#include <algorithm>
#include <utility>

namespace fanfare {
namespace {

std::uint64_t growth(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

std::uint64_t rpcs(const RpcTotals& totals) {
  return totals.append + totals.append_empty + totals.heartbeat + totals.vote + totals.snapshot +
         totals.other;
}

std::uint64_t total(const Losses& losses) { return losses.out + losses.in; }

LossDelta loss_delta(const Shard& now, const Shard& before) {
  const Losses clients = growth(now.losses, before.losses);
  return {.out = clients.out,
          .in = clients.in,
          .replication = total(growth(now.replication_losses, before.replication_losses))};
}

PeerDelta peer_delta(const Peer& now, const Peer& before) {
  return {.name = now.name,
          .entries_out = growth(now.out.entries, before.out.entries),
          .entries_in = growth(now.in.entries, before.in.entries),
          .rpcs_out = growth(rpcs(now.out), rpcs(before.out)),
          .rpcs_in = growth(rpcs(now.in), rpcs(before.in)),
          .answers_in = growth(now.out.answers, before.out.answers),
          .sent_index = now.sent_index,
          .confirmed_index = now.confirmed_index,
          .sockets = now.sockets_synced + now.sockets_unsynced,
          .losses = total(growth(now.losses, before.losses))};
}

// A peer that is new in a known shard has done all of its work since the shard was last seen.
std::vector<PeerDelta> peer_deltas(const Shard& now, const Shard& before) {
  std::vector<PeerDelta> deltas;
  for (const auto& peer : now.peers) {
    const auto known = std::find_if(before.peers.begin(), before.peers.end(),
                                    [&](const Peer& other) { return other.name == peer.name; });
    deltas.push_back(peer_delta(peer, known == before.peers.end() ? Peer{} : *known));
  }
  return deltas;
}

// What a proxy on this host has acknowledged says nothing of the clients behind it.
Delivery delivery_delta(const Shard& now, const Shard& before) {
  auto delta = now.edge_delivery.edge > 0 ? growth(now.edge_delivery, before.edge_delivery)
                                          : growth(now.delivery, before.delivery);
  delta.edge = now.delivery.edge;
  delta.inner = now.delivery.inner;
  delta.bookkeeping_error =
      growth(now.delivery.bookkeeping_error, before.delivery.bookkeeping_error);
  return delta;
}

Absence absence_of(const Shard& shard) {
  const bool connected = shard.sockets_synced + shard.sockets_unsynced > 0 ||
                         std::ranges::any_of(shard.peers, [](const Peer& peer) {
                           return peer.sockets_synced + peer.sockets_unsynced > 0;
                         });
  const Presence& presence = shard.presence;
  if (connected || presence.listeners > 0) return Absence::no;
  if (presence.unsure) return Absence::unsure;
  return presence.expected ? Absence::yes : Absence::no;
}

ShardDelta shard_delta(const Shard& now, const Shard& before) {
  ShardDelta delta{
      .shard = now.name,
      .accepted = growth(now.in.messages[FANFARE_EVENT], before.in.messages[FANFARE_EVENT]) +
                  growth(now.accepted_over_http, before.accepted_over_http),
      .commands = growth(now.commands, before.commands),
      .copies = growth(now.out.messages[FANFARE_EVENT], before.out.messages[FANFARE_EVENT]),
      .events_out = growth(now.out.messages[FANFARE_EVENT], before.out.messages[FANFARE_EVENT]),
      .event_bytes_out = growth(now.out.bytes[FANFARE_EVENT], before.out.bytes[FANFARE_EVENT]),
      .sockets_synced = now.sockets_synced,
      .sockets_unsynced = now.sockets_unsynced - now.sockets_silent,
      .sockets_dark = sockets_dark(now) - now.dark_silent,
      .losses = loss_delta(now, before),
      .delivery = delivery_delta(now, before),
      .sockets_opened = growth(now.sockets_opened, before.sockets_opened),
      .replicates = now.replicates,
      .identifies = now.identifies,
      .absence = absence_of(now),
      .empty_for = now.empty_for,
      .last_socket = now.last_socket,
      .peers = peer_deltas(now, before),
      .has_rooms = now.has_rooms,
      .late_seconds = now.late_seconds};
  delta.published = delta.accepted;
  if (!now.identifies) return delta;
  delta.accepted = growth(now.reach.accepted, before.reach.accepted);
  delta.reached = growth(now.reach.reached, before.reach.reached);
  delta.reached_local = growth(now.reach.reached_local, before.reach.reached_local);
  delta.copies = growth(now.reach.copies, before.reach.copies);
  delta.own_copies = growth(now.reach.own_copies, before.reach.own_copies);
  delta.unidentified = growth(now.reach.unidentified, before.reach.unidentified);
  return delta;
}

}  // namespace

std::vector<ShardDelta> Deltas::advance(const Snapshot& snapshot, const Model& model) {
  const bool blind =
      growth(snapshot.losses[FANFARE_LOSS_UNATTACHED], last_losses_[FANFARE_LOSS_UNATTACHED]) > 0;

  std::vector<ShardDelta> deltas;
  std::map<std::string, Shard> seen;
  for (std::size_t i = 0; i < model.shards.size(); ++i) {
    const auto& shard = model.shards[i];
    const auto before = last_.find(shard.name);
    if (before != last_.end()) {
      auto& delta = deltas.emplace_back(shard_delta(shard, before->second));
      delta.at = snapshot.taken;
      delta.span = snapshot.taken - last_taken_;
      delta.blind = blind;
      if (i < model.events.size()) delta.events = model.events[i];
    }
    seen.emplace(shard.name, shard);
  }
  last_ = std::move(seen);
  last_losses_ = snapshot.losses;
  last_taken_ = snapshot.taken;
  return deltas;
}

}  // namespace fanfare
