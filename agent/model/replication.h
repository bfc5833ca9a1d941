// SPDX-License-Identifier: Apache-2.0
// From the counters of replication sockets to what each shard's nodes have sent each other, and to
// the commands that the shard's log has got.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"
#include "agent/model/replication_log.h"
#include "agent/model/shards.h"

namespace fanfare {

// A replication socket and the shard that it belongs to.
struct ReplicationSocket {
  std::size_t flow = 0;  // index into Snapshot::flows
  const std::string* shard = nullptr;
};

class ReplicationLedger {
 public:
  // Snapshots in the order of their times. Sockets that no rule fits are left out. The rules stay
  // where they are until forget_rules(); the names live as long as the ledger.
  std::vector<ReplicationSocket> advance(const Snapshot& snapshot,
                                         const std::vector<ShardRule>& rules);

  // The shard's peers and commands; untouched where it has had no replication socket.
  void fill(Shard& shard) const;

  // At a reload: what is counted from now on goes to the shards and peers of the new rules.
  void forget_rules();

 private:
  // Indexes are those of one leadership of this node and of one life of the peer.
  struct PeerState {
    Peer shown;
    bool named = false;           // by the configuration
    std::uint64_t last_tick = 0;  // with a socket
    bool goes_on = false;         // a dialled socket is open now and was at the tick before
  };
  struct ShardState {
    std::string name;
    std::map<std::string, PeerState> peers;
    ReplicatedLog log;
    Losses losses{};
    std::uint64_t strangers = 0;
  };
  struct Tracked {
    fanfare_tally out{}, in{};
    std::uint64_t out_index = 0, in_index = 0;  // last_index at the tick before
    std::uint64_t stale_out = 0, stale_in = 0;  // of an earlier leadership of this node
    std::uint64_t tick = 0;
    const ShardRule* rule = nullptr;
    ShardState* shard = nullptr;
    PeerState* peer = nullptr;
    std::uint8_t ticks_unplaced = 0;
    SocketLosses losses;
    bool placed = false;
    bool stranger = false;
    bool known = false;  // at the tick before
    bool over = false;   // ... and closed
  };
  struct Sight {  // of one socket on one tick
    const fanfare_flow* flow;
    Tracked* tracked;
    LogStep step{};
    bool asks_for_votes = false;
  };

  void place(const Snapshot& snapshot, const std::vector<ShardRule>& rules, std::size_t index,
             Tracked& tracked);
  bool has_room(ShardState& shard) const;
  PeerState& peer_of(ShardState& shard, const Replication& replication, const fanfare_flow& flow);
  void count(Sight& sight);
  static void count_losses(const fanfare_flow& flow, Tracked& tracked);
  void settle(ShardState& shard, std::vector<Sight>& sights, Monotonic now);

  std::map<std::string, ShardState> shards_;
  std::unordered_map<std::uint64_t, Tracked> tracked_;  // by cookie
  std::uint64_t tick_ = 0;
};

}  // namespace fanfare
