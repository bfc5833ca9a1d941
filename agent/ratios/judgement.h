// SPDX-License-Identifier: Apache-2.0
// What the ratios say of a shard on this node after a tick. Plain values; they cross the doorway to
// alerts and exports.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/delivery.h"
#include "agent/model/losses.h"
#include "agent/model/presence.h"

namespace fanfare {

// A ratio never goes without what it was made of.
struct Ratio {
  std::optional<double> value;  // empty: unknown, see `unknown`
  double numerator = 0;
  double denominator = 0;
  std::chrono::seconds window{10};  // of settled cohorts
  std::uint64_t losses = 0;         // capture losses of the shard within the window
  std::optional<double> coverage;   // of the shard's client sockets, 0..1
  std::string unknown;              // why it is unknown, a sentence; empty when known
  bool contradiction = false;       // ... because figures contradict each other
};

// The values of the label `signal`.
inline constexpr const char* signal_reach = "reach";              // reached / due
inline constexpr const char* signal_copies = "copies";            // copies / due
inline constexpr const char* signal_replication = "replication";  // confirmed / sent, for a peer
inline constexpr const char* signal_ack_fate = "ack_fate";        // acked / (acked + lost), events
inline constexpr const char* signal_close_loss = "close_loss";    // events lost / closed sockets
inline constexpr const char* signal_silence = "silence";          // silent sockets / judged ones
inline constexpr const char* signal_stuck = "stuck";              // stuck sockets / readable ones
inline constexpr const char* signal_accepted = "accepted";  // accepted / expected by the last hour

// The ratio of these rises when things go wrong; they are no step of the propagation.
inline bool more_is_worse(std::string_view signal) {
  return signal == signal_close_loss || signal == signal_silence || signal == signal_stuck;
}

struct Signal {
  std::string name;  // one of the above
  std::string peer;  // replication only
  Ratio ratio;
  // What the ratio is when all is well: learned, or given (replication 0.999, accepted 1); empty
  // while learning.
  std::optional<double> normal;
  // For how long it has been learned, in health and with traffic; empty where it is given.
  std::optional<std::chrono::seconds> learned;
  double evidence = 0;   // nats against "nothing is lost", >= 0
  double threshold = 0;  // nats at which it is believed
  // The share of what was due that is missing, 0..1, since the loss began; 0 without evidence.
  // Where more is worse: of what fares well in health, the share that does not.
  double loss_estimate = 0;
  // The smallest share that five more minutes of this traffic would prove; 1: not even a total
  // loss.
  double detectable_loss = 1;
  // The evidence has crossed the threshold, and recovery has not been proven since.
  bool lost = false;
  std::chrono::nanoseconds lost_since{};  // CLOCK_MONOTONIC of the cohort the loss began in
  double recovery = 0;                    // nats for "it is well again", 4.6 prove it
  // Of reach by rooms: which events the figures are of: "all", "remote" or "local". Else empty.
  std::string origin{};
};

// Upper ends of the buckets of lag, seconds; above the last one: one more.
inline constexpr std::array<double, 13> lag_buckets{.005, .01, .025, .05, .1, .25, .5,
                                                    1,    2.5, 5,    10,  30, 60};

// Time from an event's coming due on this node to its first copy.
struct LagFigures {
  std::array<std::uint64_t, lag_buckets.size() + 1> histogram{};  // cumulative in time, not in size
  double sum_seconds = 0;                                         // of all in the histogram
  double late = 0, came = 0;  // events of the last minute: later than the limit; all
  double limit_seconds = 5;
  bool is_late = false;  // most of them are
};

// Events that have settled, since the agent's start: by where they came from. A peer or a bus
// brought the remote ones.
struct OriginFigures {
  bool known = false;  // single events are followed
  std::uint64_t due_local = 0, due_remote = 0;
  std::uint64_t reached_local = 0, reached_remote = 0;
};

// What reach by rooms rests on.
struct RoomFigures {
  bool judged = false;  // by rooms; else the old signals speak
  std::uint64_t rooms = 0, witnesses = 0;
  std::uint64_t rooms_forced_out = 0;  // cumulative: forgotten for want of places
  double with_room = 0;                // share of the events of the last minute
  double trials_per_minute = 0;        // events of rooms that had readers
  double dark = 0;                     // share of the rooms with readers that get nothing
  std::size_t rooms_missed = 0, witnesses_missed = 0;  // since the evidence was 0, up to 4 each
};

// Entries that the shard's log has and that this peer, alive, does not get.
struct Stall {
  std::string peer;
  std::uint64_t behind = 0;          // log entries
  std::chrono::nanoseconds since{};  // CLOCK_MONOTONIC of the last progress
};

// What the alerts on delivery tell beside the ratios.
struct DeliveryFigures {
  Delivery now{};              // of the last tick: counts of it, and gauges
  bool inner_only = false;     // all client sockets end in a proxy on this host: acked is its word
  std::uint64_t followed = 0;  // sockets that `now` speaks of: edge ones where there are any
  std::uint64_t sockets = 0;   // open ones, readable or not
  double sockets_usual = 0;    // mean of the last hour; 0: not known yet
  // Within the last minute: events by what became of them, sockets gone, and the bytes that these
  // had taken from the process and not sent.
  std::uint64_t acked = 0;
  std::array<std::uint64_t, end_reasons> lost{};
  std::uint64_t unknown = 0;
  std::uint64_t closed = 0;
  std::uint64_t unsent_lost = 0;
  // The age whose sockets are silent more than the rest are, by 10 points at least.
  std::optional<AgeClass> silent_age{};
  std::uint64_t bookkeeping_error = 0;  // messages, within the last ten minutes
};

// More than half of the client sockets of the last hour are gone. Says nothing of few of them. Over
// once they are back, half of them are left for an hour, or none is for days.
inline constexpr double collapse_share = 0.5;
inline constexpr double collapse_least = 10;  // sockets, the hour's mean
inline bool is_collapsed(const DeliveryFigures& figures) {
  return figures.sockets_usual >= collapse_least &&
         static_cast<double>(figures.sockets) < collapse_share * figures.sockets_usual;
}

struct Judgement {
  std::string shard;
  std::chrono::nanoseconds at{};
  std::vector<Signal> signals;
  std::vector<Stall> stalls;
  std::optional<double> coverage;
  // Capture losses of this shard within the last 10 s: of what left for clients, of what they sent,
  // of what its peers' sockets carried. Then those that may concern what was due or seen.
  LossDelta losses{};
  std::uint64_t relevant_losses = 0;
  std::uint64_t due = 0;  // events due within the last 10 s
  double hidden = 0;      // events, within the same time, that the losses may stand for
  std::uint64_t sockets = 0;
  DeliveryFigures delivery{};
  LagFigures lag{};
  RoomFigures rooms{};
  OriginFigures origins{};
  // It is expected on this host, nobody listens for it, and no client and no peer is connected.
  Absence absence = Absence::no;
  // See Shard: nobody listens for it and nothing is open.
  std::chrono::nanoseconds empty_for{};
  std::chrono::system_clock::time_point last_socket{};
};

}  // namespace fanfare
