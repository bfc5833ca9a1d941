// SPDX-License-Identifier: Apache-2.0
// Judges each event of a shard against its own room: a room that had readers a moment ago, whose
// readers are still here, and that gets nothing, is a miss; a room that nobody reads is no trial.
// By detection-2.md, section 6. Pure: time is given.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/model/deltas.h"
#include "agent/ratios/judgement.h"
#include "agent/ratios/loss_test.h"
#include "agent/ratios/room_run.h"
#include "agent/ratios/room_table.h"
#include "agent/ratios/window_sum.h"

namespace fanfare {

// Events by where they came from. The runs are tested apart; the last two by ln 2 more.
enum class RunOf : std::size_t { all, remote, local };
inline constexpr std::size_t room_runs = 3;
std::string_view run_name(RunOf run);  // "all", "remote", "local"

class RoomJudge {
 public:
  RoomJudge();

  // The settled events of one tick. `late`: most of what is due comes late, so nothing is over.
  void advance(const ShardDelta& delta, bool late);

  // Of the worst run: the one that is lost for the longest time, or has the most evidence. Empty
  // while most of the events cannot be assigned to a room.
  std::optional<Signal> signal();
  RoomFigures figures() const;

  void clear();
  const RoomRun& run(RunOf of) const { return runs_[static_cast<std::size_t>(of)]; }
  RoomRun& run(RunOf of) { return runs_[static_cast<std::size_t>(of)]; }
  double dark_base() const { return dark_base_; }
  void set_dark_base(double share) { dark_base_ = share; }

 private:
  void measure_coverage(const ShardDelta& delta);
  void look_for_catch_up(const ShardDelta& delta);
  void close_and_leave(const EventOutcomes& events);
  void judge(const SettledEvent& event);
  bool is_trial(const KnownRoom& room, const SettledEvent& event);
  void weigh(KnownRoom& room, const SettledEvent& event);
  void see(KnownRoom& room, const SettledEvent& event);
  void judge_cold(const SettledEvent& event);
  void end_tick(bool late);
  double dark_share() const;
  bool can_judge() const;
  bool has_left(SocketId socket, RoomId room) const;

  struct Tick {
    double events = 0, with_room = 0, trials = 0, hits = 0;
  };

  std::chrono::nanoseconds at_{};  // CLOCK_MONOTONIC
  double now_ = 0;                 // the same in seconds
  Tick tick_;
  bool catches_up_ = false;  // most sockets have just gone, and events come in a burst
  double usual_rate_ = 0;    // settled events a second, EWMA of a minute
  double rate_age_ = 0;      // s that it is the mean of
  WindowSum gone_{std::chrono::seconds(180)};  // sockets that closed
  double sockets_ = 0;                         // open client sockets that can be read
  double coverage_ = 1;                        // the share of a room's copies that is seen, lately
  double usual_cover_ = 0;                     // of the sockets, EWMA of ten minutes; 0: not known
  std::array<RoomRun, room_runs> runs_;
  RoomTable rooms_;
  Witnesses witnesses_;
  std::vector<SocketId> open_;                    // witnesses of the event at hand
  std::deque<std::pair<double, LeftRoom>> left_;  // within the settle time
  // Rooms that have had an event while no room had got anything ever, and since when.
  std::unordered_set<RoomId> unserved_;
  double unserved_since_ = 0;
  double dark_base_ = 0;  // share of dark rooms in health, EWMA
  double dark_now_ = 0;
  double dark_at_ = 0;
  SlowFigure detectable_;
  WindowSum read_{std::chrono::seconds(6)};     // copies, of those and the capture losses
  WindowSum judged_{std::chrono::seconds(10)};  // hits of the trials
  WindowSum roomed_{std::chrono::seconds(60)};  // events with a room, of all
  WindowSum minute_{std::chrono::seconds(60)};  // trials
};

}  // namespace fanfare
