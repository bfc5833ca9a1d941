// SPDX-License-Identifier: Apache-2.0
// What the ratios say of a shard on this node after a tick. Plain values; they cross the doorway to
// alerts and exports.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanfare {

// A ratio never goes without what it was made of.
struct Ratio {
  std::optional<double> value;  // empty: unknown, see `unknown`
  double numerator = 0;
  double denominator = 0;
  std::chrono::seconds window{10};  // of settled cohorts
  std::uint64_t losses = 0;         // capture losses of the host within the window
  std::optional<double> coverage;   // of the shard's client sockets, 0..1
  std::string unknown;              // why it is unknown, a sentence; empty when known
};

// The values of the label `signal`.
inline constexpr const char* signal_reach = "reach";              // reached / due
inline constexpr const char* signal_copies = "copies";            // copies / due
inline constexpr const char* signal_replication = "replication";  // confirmed / sent, for a peer

struct Signal {
  std::string name;  // one of the above
  std::string peer;  // replication only
  Ratio ratio;
  // What the ratio is when all is well: learned, or 0.999 for replication; empty while learning.
  std::optional<double> normal;
  // For how long it has been learned, in health and with traffic; empty where it is given.
  std::optional<std::chrono::seconds> learned;
  double evidence = 0;   // nats against "nothing is lost", >= 0
  double threshold = 0;  // nats at which it is believed
  // The share of what was due that is missing, 0..1, since the loss began; 0 without evidence.
  double loss_estimate = 0;
  // The smallest share that five more minutes of this traffic would prove; 1: not even a total
  // loss.
  double detectable_loss = 1;
  // The evidence has crossed the threshold, and recovery has not been proven since.
  bool lost = false;
  std::chrono::nanoseconds lost_since{};  // CLOCK_MONOTONIC of the cohort the loss began in
  double recovery = 0;                    // nats for "it is well again", 4.6 prove it
};

// Entries that the shard's log has and that this peer, alive, does not get.
struct Stall {
  std::string peer;
  std::uint64_t behind = 0;          // log entries
  std::chrono::nanoseconds since{};  // CLOCK_MONOTONIC of the last progress
};

struct Judgement {
  std::string shard;
  std::chrono::nanoseconds at{};
  std::vector<Signal> signals;
  std::vector<Stall> stalls;
  std::optional<double> coverage;
  std::uint64_t losses = 0;  // capture losses of the host within the last 10 s
  std::uint64_t due = 0;     // events due within the last 10 s
  std::uint64_t sockets = 0;
};

}  // namespace fanfare
