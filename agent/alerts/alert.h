// SPDX-License-Identifier: Apache-2.0
// An alert as plain values; it crosses the doorway to exports and cli.
#pragma once

#include <string>
#include <string_view>

#include "agent/kernel/snapshot.h"

namespace fanfare {

// Worst first.
enum class Severity { critical, warning, info };

std::string_view severity_name(Severity severity);

enum class AlertState {
  pending,   // seen, not held long enough to tell anybody
  firing,    // told, until recovery is proven
  resolved,  // told to be over; kept for five minutes so that everybody hears of it
};

std::string_view state_name(AlertState state);
struct Alert;
std::string_view state_name(const Alert& alert);  // "stale" too

struct Alert {
  std::string name{};   // "FanfareReachLoss"; the label `alertname`
  std::string shard{};  // empty for what concerns the host
  std::string peer{};   // empty but for replication
  Severity severity = Severity::warning;
  AlertState state = AlertState::pending;
  Monotonic since{};  // of the state
  Wall started{};     // when it began to fire; pending: when it was first seen
  Wall ended{};       // resolved only
  // Where the chain breaks: "accept", "replication", "broadcast", "delivery"; "capture" is ours.
  std::string step{};
  std::string summary{};  // one sentence, without figures: what users feel
  // Why, with the figures: ratio, normal, evidence, threshold, loss estimate, window, coverage.
  std::string why{};
  std::string next{};  // what to do first
  // The figure that decided: the estimated loss (0..1), for FanfareReplicationStalled the entries
  // that the peer is behind, for FanfareBlind the coverage (0..1) or the capture losses, for
  // FanfareSocketCollapse the share of sockets gone, for FanfareBookkeepingBroken messages,
  // for FanfareServerAbsent 1 while it is, for FanfareNotCounting seconds.
  double value = 0;
  // Firing: nothing has spoken for it or against it for a while, and what is missing for that.
  bool stale = false;
  std::string missing{};
  // Resolved without proof of recovery, by whom or for what reason.
  std::string ended_by{};
  bool operator==(const Alert&) const = default;
};

}  // namespace fanfare
