// SPDX-License-Identifier: Apache-2.0
// What the model knows of each shard after a tick: cumulative totals that never fall, and gauges.
// Plain values; they cross the doorway to ratios and exports.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "agent/model/delivery.h"
#include "agent/model/events.h"
#include "agent/model/losses.h"
#include "agent/model/presence.h"
#include "agent/model/socket_delivery.h"
#include "bpf/abi.h"

namespace fanfare {

// Cumulative since the agent's start, one direction.
struct DirectionTotals {
  std::uint64_t frames = 0;
  std::array<std::uint64_t, FANFARE_CLASS_COUNT> messages{};
  std::array<std::uint64_t, FANFARE_CLASS_COUNT> bytes{};
  bool operator==(const DirectionTotals&) const = default;
};

// RPCs that carry replication one way, cumulative since the agent's start.
struct RpcTotals {
  std::uint64_t append = 0;        // appends with entries
  std::uint64_t append_empty = 0;  // commit index, probes
  std::uint64_t heartbeat = 0;     // the timer's own
  std::uint64_t vote = 0;          // votes and pre-votes
  std::uint64_t snapshot = 0;
  std::uint64_t other = 0;
  std::uint64_t entries = 0;   // log entries in the appends, sent again or not
  std::uint64_t commands = 0;  // of them, those with the application's data
  std::uint64_t answers = 0;   // of the other end, to these RPCs
  bool operator==(const RpcTotals&) const = default;
};

// Another node of the shard, as its replication sockets show it.
struct Peer {
  std::string name;                   // by replication.peers, else the address
  std::string address;                // without port
  std::string protocol;               // as in the configuration
  RpcTotals out;                      // this node's RPCs to the peer
  RpcTotals in;                       // the peer's to this node
  std::uint64_t sent_index = 0;       // highest log index sent to it; 0: none yet
  std::uint64_t confirmed_index = 0;  // highest log index that its answers have named
  std::uint64_t received_index = 0;   // highest log index received from it
  std::uint64_t sockets_synced = 0;   // gauges
  std::uint64_t sockets_unsynced = 0;
  Losses losses{};  // cumulative, of its sockets
  bool operator==(const Peer&) const = default;
};

// Cumulative; all 0 for a shard without `identity`. See struct fanfare_reach in abi.h.
struct ReachTotals {
  std::uint64_t accepted = 0;
  std::uint64_t reached = 0;
  std::uint64_t copies = 0;
  std::uint64_t own_copies = 0;
  std::uint64_t unidentified = 0;
  std::uint64_t reached_local = 0;  // of `reached`, those published by clients of this node
  bool operator==(const ReachTotals&) const = default;
};

struct Shard {
  std::string name;
  DirectionTotals out;  // server to clients
  DirectionTotals in;   // clients to server
  // Cumulative: HTTP publishes answered 2xx. Events in are those of the clients' own sockets.
  std::uint64_t accepted_over_http = 0;
  std::uint64_t sockets_opened = 0;  // cumulative, seen to open, or found at the start
  std::uint64_t closed_by_peer = 0;
  std::uint64_t closed_by_local = 0;
  std::uint64_t closed_by_timeout = 0;
  std::uint64_t sockets_synced = 0;    // gauge: counted
  std::uint64_t sockets_unsynced = 0;  // gauge: open, not counted
  // Gauge, part of sockets_unsynced: nothing has left since they were found. They hide nothing, and
  // may be kept alive for plain HTTP.
  std::uint64_t sockets_silent = 0;
  // Gauges: open, of clients as far as can be told, and not followed at all. By the reason, enum
  // fanfare_dark_reason; and those of them that nothing has left since they were found.
  std::array<std::uint64_t, FANFARE_DARK_REASONS> dark_by_reason{};
  std::uint64_t dark_silent = 0;
  std::uint64_t replication_dark = 0;         // gauge: the same between nodes
  std::uint8_t protocol = FANFARE_WEBSOCKET;  // enum fanfare_protocol that its clients speak
  bool replicates = false;                    // the configuration names its replication
  bool identifies = false;                    // ... and how its events are identified
  bool has_rooms = false;                     // ... and their rooms
  std::vector<Peer> peers{};                  // sorted by name
  // Cumulative: new command entries of the shard's log that this node has received or, on the
  // leader, sent to its most advanced follower. Sent again does not count: by log index.
  std::uint64_t commands = 0;
  // Cumulative. What was lost of its client sockets, and of those that are its peers.
  Losses losses{};
  Losses replication_losses{};
  // Cumulative: connections to its replication ports that were no peer's. Nothing is lost by them.
  std::uint64_t strangers = 0;
  ReachTotals reach{};
  Delivery delivery{};       // of all its client sockets
  Delivery edge_delivery{};  // of those whose peer is on another host
  bool expected = false;     // the configuration says so, for this host or for another
  double late_seconds = 5;   // the configuration: an event's first copy is late from here on
  Presence presence{};
  // How long no socket of it has been open and nobody has listened for it; 0 while there is one.
  std::chrono::nanoseconds empty_for{};
  Wall last_socket{};  // when one was open last; the epoch: not since the agent's start
  bool operator==(const Shard&) const = default;
};

inline std::uint64_t sockets_dark(const Shard& shard) {
  return std::accumulate(shard.dark_by_reason.begin(), shard.dark_by_reason.end(),
                         std::uint64_t{0});
}

// Where listeners over limits.shards go.
inline constexpr const char* overflow_shard = "other";

// `sockets` of a snapshot, beside their shard: shard_of[i] belongs to snapshot.flows[i].
inline constexpr std::uint32_t no_shard = UINT32_MAX;
inline constexpr std::uint32_t tests_shard = no_shard - 1;  // a socket of fanfare's own selftest

// One that nobody named: some time after its last socket it ends, with its figures.
struct EndedShard {
  std::string name;
  Wall last_socket{};
  std::string goes_on_as{};  // its sockets and figures have moved there; empty: they are gone
};

struct Model {
  std::vector<Shard> shards;                 // sorted by name
  std::vector<EventOutcomes> events;         // of this tick, parallel to shards
  std::vector<std::uint32_t> shard_of;       // index into shards, or one of the above
  std::vector<SocketState> states;           // parallel to shard_of
  std::vector<std::uint32_t> dark_shard_of;  // parallel to the snapshot's `dark`
  std::vector<EndedShard> ended{};           // at this tick
  // Cumulative, by enum fanfare_loss: what clients sent and could not be read. It hides nothing.
  std::array<std::uint64_t, FANFARE_LOSS_COUNT> lost_from_clients{};
  std::uint64_t shards_over_limit = 0;  // names that went to shard "other" since that is there
};

}  // namespace fanfare
