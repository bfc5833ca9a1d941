// SPDX-License-Identifier: Apache-2.0
// What could not be counted, by shard and direction: from the counters of sockets, and of ports for
// what has no record, to totals. Plain values and one small ledger.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "agent/kernel/snapshot.h"

namespace fanfare {

// Cumulative, or what they have grown by. Units differ from reason to reason (bpf/abi.h): times,
// segments, messages, sockets.
struct Losses {
  std::uint64_t out = 0;
  std::uint64_t in = 0;
  std::uint8_t last = FANFARE_LOSS_NONE;  // enum fanfare_loss of the last one, where it is known
  bool any() const { return out + in > 0; }
  Losses& operator+=(const Losses& more);
  bool operator==(const Losses&) const = default;
};

// As `now` stands above `before`.
Losses growth(const Losses& now, const Losses& before);

// What was lost of one shard, see Shard.
struct LossDelta {
  std::uint64_t out = 0, in = 0;  // of client sockets
  std::uint64_t replication = 0;  // of its peers' sockets, both directions
  bool operator==(const LossDelta&) const = default;
};

// The counters of one socket, which wrap.
class SocketLosses {
 public:
  // What has been lost since the last call.
  Losses take(const fanfare_flow& flow);

 private:
  std::uint16_t out_ = 0, in_ = 0;
};

// Of ports. A loss waits until somebody knows whose port it is.
class PortLosses {
 public:
  // Once each tick, before take(): forgets what the kernel has forgotten.
  void forget_gone(const Snapshot& snapshot);
  // What has been lost on `port` since the last call for it.
  Losses take(const Snapshot& snapshot, const ListenerKey& port);

 private:
  std::map<std::uint64_t, std::uint64_t> taken_;  // by the bytes of fanfare_port_loss
  std::size_t known_ = 0;                         // to the kernel, at the tick before
};

// What one shard has lost lately.
class RecentLosses {
 public:
  // Cumulative counts at `now`; returns how they have grown within the last minute.
  LossDelta advance(Monotonic now, const Losses& clients, const Losses& replication);

 private:
  struct Sample {
    Monotonic at{};
    Losses clients{}, replication{};
  };
  std::deque<Sample> samples_{Sample{}};  // one for each change; the first is the minute's start
};

}  // namespace fanfare
