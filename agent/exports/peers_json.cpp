// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/peers_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "agent/exports/json_figures.h"
#include "agent/exports/json_text.h"
#include "agent/exports/names.h"

namespace fanfare {
namespace {

namespace json = boost::json;

json::object rpc_object(const RpcTotals& totals) {
  json::object rpcs;
  for (const RpcKind& kind : rpc_kinds) rpcs[kind.name] = totals.*kind.count;
  return rpcs;
}

// The newest entry that this node has sent to anybody; 0 where it does not lead: somebody else has
// sent it a newer one since.
std::uint64_t leaders_index(const Shard& shard) {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  for (const Peer& peer : shard.peers) {
    sent = std::max(sent, peer.sent_index);
    received = std::max(received, peer.received_index);
  }
  return sent > received ? sent : 0;
}

json::value behind(const Peer& peer, std::uint64_t leaders) {
  if (leaders == 0 || peer.confirmed_index == 0) return nullptr;
  return leaders - std::min(leaders, peer.confirmed_index);
}

json::value stalled(const ShardView& view, const Peer& peer, Monotonic now) {
  const auto& stalls = view.judgement.stalls;
  const auto stall = std::ranges::find(stalls, peer.name, &Stall::peer);
  if (stall == stalls.end()) return nullptr;
  return seconds(std::max(now - stall->since, Monotonic{0}));
}

json::object peer_object(const View& view, const ShardView& in, const Peer& peer, Monotonic now) {
  return {
      {"shard", label_text(in.shard.name)},
      {"node", label_text(view.node)},
      {"peer", label_text(peer.name)},
      {"address", label_text(peer.address)},
      {"protocol", peer.protocol},
      {"sockets", {{"synced", peer.sockets_synced}, {"unsynced", peer.sockets_unsynced}}},
      {"rpcs_out", rpc_object(peer.out)},
      {"rpcs_in", rpc_object(peer.in)},
      {"entries_out", peer.out.entries},
      {"entries_in", peer.in.entries},
      {"commands_out", peer.out.commands},
      {"commands_in", peer.in.commands},
      // To the RPCs of the other direction.
      {"answers_out", peer.in.answers},
      {"answers_in", peer.out.answers},
      {"sent_index", peer.sent_index},
      {"confirmed_index", peer.confirmed_index},
      {"received_index", peer.received_index},
      {"behind", behind(peer, leaders_index(in.shard))},
      {"stalled_seconds", stalled(in, peer, now)},
  };
}

}  // namespace

std::string peers_json(const View& view, Monotonic now) {
  json::array peers;
  for (const ShardView& shard : view.shards) {
    for (const Peer& peer : shard.shard.peers) {
      peers.push_back(peer_object(view, shard, peer, now));
    }
  }
  return json_text(peers) + "\n";
}

}  // namespace fanfare
