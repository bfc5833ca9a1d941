// SPDX-License-Identifier: Apache-2.0
// Replication to one peer: entries that the log has got, against those that the peer, alive, has
// confirmed. Nothing is learned: in health every entry arrives.
#pragma once

#include <optional>

#include "agent/model/deltas.h"
#include "agent/ratios/cohorts.h"
#include "agent/ratios/judgement.h"
#include "agent/ratios/loss_test.h"
#include "agent/ratios/loss_watch.h"
#include "agent/ratios/settled_window.h"

namespace fanfare {

class PeerSignal {
 public:
  PeerSignal();

  // `log_end`: the highest index sent to any peer; `grown`: since the last tick. `cohort`: its
  // times and losses. Where this node has ceased to lead, a loss is no longer its own and is
  // forgotten. A peer is judged while it answers, and from when it has caught up with the
  // log on: one that is new, or comes back, is behind for a good reason.
  Signal advance(Cohort cohort, const PeerDelta& peer, std::uint64_t log_end, std::uint64_t grown);

  // An alive peer that has not moved for 10 s while the log has entries for it.
  std::optional<Stall> stall(std::chrono::nanoseconds now) const;

  const LossWatch& watch() const { return watch_; }
  LossWatch& watch() { return watch_; }

 private:
  void follow(std::chrono::nanoseconds now, const PeerDelta& peer, std::uint64_t log_end);

  Cohorts cohorts_{Surplus::dropped};
  LossWatch watch_;
  SettledWindow settled_;
  std::string name_;
  // It has not confirmed what was sent a settle time ago: not lost for good, but not well either.
  bool is_late(std::chrono::nanoseconds now) const;

  std::deque<std::pair<std::chrono::nanoseconds, std::uint64_t>> log_ends_;  // of a settle time
  std::uint64_t log_end_ = 0;                                                // of the tick before
  std::uint64_t confirmed_ = 0;                                              // likewise
  std::uint64_t behind_ = 0;
  std::optional<std::chrono::nanoseconds> answered_;  // last
  std::chrono::nanoseconds addressed_{};              // last RPC to it
  std::chrono::nanoseconds moved_{};                  // last progress, or last not behind
  bool caught_up_ = false;
  SlowFigure detectable_;
};

}  // namespace fanfare
