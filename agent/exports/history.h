// SPDX-License-Identifier: Apache-2.0
// The last 15 minutes of each shard, so that an operator has a past to look at when Prometheus is
// down. Pure: time is given. Bounded: 180 steps of at most limits.shards (and "other") points of 48
// bytes, 8.7 MB for 1000 shards; steps share the list of names while it does not change.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/exports/view.h"

namespace fanfare {

inline constexpr std::chrono::seconds history_step{5};
inline constexpr std::size_t history_steps = 180;  // 15 minutes

inline constexpr float unknown_figure = std::numeric_limits<float>::quiet_NaN();

// One shard in one step. Rates are of the whole step, gauges as of its last tick; NaN: unknown.
struct HistoryPoint {
  float events_out = unknown_figure;  // 1/s
  float events_in = unknown_figure;   // 1/s
  std::uint32_t synced = 0;           // client sockets that are counted
  std::uint32_t unsynced = 0;         // open, not counted
  float coverage = unknown_figure;    // 0..1
  float reach = unknown_figure;
  float reach_normal = unknown_figure;
  float copies = unknown_figure;
  float copies_normal = unknown_figure;
  float replication = unknown_figure;  // of the peer that gets least
  float evidence = 0;                  // nats, the greatest of all signals
  std::uint32_t firing = 0;            // alerts of the shard
};

// Immutable once it stands in a timeline.
struct HistoryStep {
  std::int64_t number = 0;  // time since the boot / history_step
  std::shared_ptr<const std::vector<std::string>> shards;
  std::vector<HistoryPoint> points;  // parallel to *shards
};

// Of closed steps, oldest first; a step without a tick is missing.
struct Timeline {
  Wall boot{};  // the wall clock's time of CLOCK_MONOTONIC 0, as the clock stands now
  std::vector<std::shared_ptr<const HistoryStep>> steps;

  // When the step ended, in seconds since 1970-01-01 UTC.
  std::int64_t ended(const HistoryStep& step) const;
};

class History {
 public:
  // After each tick, with the view that it publishes. A monotonic clock that goes back (another
  // boot, a recording) begins anew; a wall clock that is set moves the whole past with it.
  void advance(Monotonic now, const View& view);

  // Never null; changes when a step closes.
  std::shared_ptr<const Timeline> timeline() const { return timeline_; }

 private:
  struct Totals {
    Monotonic at{};
    std::uint64_t events_out = 0;
    std::uint64_t events_in = 0;
  };

  void close();

  std::shared_ptr<const Timeline> timeline_ = std::make_shared<Timeline>();
  std::shared_ptr<const std::vector<std::string>> names_;  // of the last closed step
  std::optional<std::int64_t> number_;                     // of the step that runs
  Monotonic last_{};                                       // tick
  Wall boot_{};
  std::map<std::string, Totals> begin_;  // as the step that runs began, or the shard
  std::map<std::string, Totals> now_;
  std::vector<std::string> running_names_;
  std::vector<HistoryPoint> running_;  // parallel
};

}  // namespace fanfare
