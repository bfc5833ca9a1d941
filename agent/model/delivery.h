// SPDX-License-Identifier: Apache-2.0
// What became of the messages that a shard's server has written to its clients: the words of
// design section 1 (acked, in flight, lost, unsent). Plain values; they cross the doorway to ratios
// and exports. Replication sockets have no part in them.
#pragma once

#include <array>
#include <cstdint>

#include "bpf/abi.h"

namespace fanfare {

// Why a socket ended, as the kernel's own error at the close has it.
enum class EndReason { reset, timeout, close };
inline constexpr std::size_t end_reasons = 3;

// Messages of one kind, cumulative since the agent's start but for the gauge.
struct Fate {
  std::uint64_t written = 0;
  std::uint64_t acked = 0;
  // Never acknowledged, and the socket is gone: by why it went.
  std::array<std::uint64_t, end_reasons> lost{};
  // Same, but whether the client's TCP got them cannot be told: they shared a mark of which a part
  // was acknowledged, or had none yet.
  std::uint64_t unknown = 0;
  std::uint64_t in_flight = 0;  // gauge, from the marks of open sockets
  bool operator==(const Fate&) const = default;
};

// Open sockets by their age; bounds are upper ones.
enum class AgeClass { minute, ten_minutes, hour, older };
inline constexpr std::size_t age_classes = 4;

struct Delivery {
  std::array<Fate, FANFARE_FATE_COUNT> fates{};  // by enum fanfare_fate
  // Events acked, by the time from write to acknowledgement; the last bucket has no bound.
  std::array<std::uint64_t, FANFARE_ACK_BUCKETS> ack_times{};
  double ack_seconds = 0;                                // sum of these times
  std::array<std::uint64_t, end_reasons> unsent_lost{};  // bytes, at the death of their socket
  std::uint64_t ended = 0;  // sockets that are gone, counted with what was lost at their death

  // Gauges. Unsent: the process has written it, TCP has not sent it. Ages in seconds, 0: none.
  std::uint64_t unsent_bytes = 0;
  double oldest_unsent_seconds = 0;
  double oldest_unacked_seconds = 0;
  std::uint64_t slow = 0;   // sockets with something unsent or unacked for 5 s, not yet for 30 s
  std::uint64_t stuck = 0;  // ... for 30 s or longer
  // Sockets that have got no event for as long as `silent_after` while the shard emitted, and all
  // that are old enough to be judged, by their age.
  std::array<std::uint64_t, age_classes> silent{};
  std::array<std::uint64_t, age_classes> judged{};
  // Client sockets by where their peer is. One that is older than the agent counts from its first
  // frame on, or while something waits: an idle one may be no client's.
  std::uint64_t edge = 0;   // on another host
  std::uint64_t inner = 0;  // on this host: a proxy, a sidecar

  // What does not fit between the kernel's own counts, cumulative; anything but 0 is a defect of
  // ours.
  std::uint64_t bookkeeping_error = 0;
  bool operator==(const Delivery&) const = default;
};

// Of both kinds of sockets together.
Delivery sum(const Delivery& a, const Delivery& b);

// The same shard later: its counters as they have grown, its gauges as they stand.
Delivery growth(const Delivery& now, const Delivery& before);

// Before a tick that adds the sockets up anew.
void clear_gauges(Delivery& delivery);

// Zero where nothing is missing: written = acked + lost + unknown + in flight, for each kind.
std::uint64_t imbalance(const Delivery& delivery);

}  // namespace fanfare
