// SPDX-License-Identifier: Apache-2.0
// The test of one kind of events (all, those from elsewhere, those of this node): evidence that
// rooms which have readers get nothing, from event to event; lost, and well again. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "agent/model/events.h"
#include "agent/ratios/room_null.h"

namespace fanfare {

// An event of a room that had readers.
struct RoomTrial {
  bool hit = false;
  RoomKind kind{};
  double least = 0;     // share of hits that still counts as healthy, coverage included; in (0, 1)
  double mean = 0;      // ... that is normal, the same
  bool capped = false;  // its room or its witnesses have brought all that they may
  RoomId room = 0;
  std::span<const SocketId> witnesses{};  // open ones, without the publisher
};

// The alternatives: the share of hits falls to q times what is healthy. Equal weights.
inline constexpr std::array<double, 6> room_grid{.01, .34, .60, .80, .90, .95};
// A loss is believed where it concerns so many rooms and so many witnesses: fewer may share a fate
// of their own. Below it a shard cannot be judged from counts.
inline constexpr std::size_t rooms_needed = 4;

class RoomRun {
 public:
  // Crosses doorways of the room only as JSON, see state_json.h. Times in seconds.
  struct State {
    std::array<double, room_grid.size()> nats{};
    // Since the evidence was 0: trials, what was to be expected of them and what was seen.
    double trials = 0, expected = 0, seen = 0, since = 0;
    bool lost = false;
    double lost_since = 0;
    double lost_expected = 0, lost_seen = 0;        // since the loss began
    double pending_expected = 0, pending_seen = 0;  // since the recovery test stood at its floor
    double worst = 0;                               // greatest loss estimate since it began
    double recovery = 0;
  };

  explicit RoomRun(double threshold) : threshold_(threshold) {}

  // Nats by which the evidence has grown; 0 or less: it has not.
  double take(const RoomTrial& trial, double now);
  struct TickEnd {
    double now = 0;
    bool held = false;  // something else says that what is lost is not over
    double needed = 1;  // times the threshold; infinite where no evidence is enough
  };
  // Once a tick, behind its trials.
  void end_tick(const TickEnd& end);

  // By another rule: none of `events` rooms has got anything since then.
  void believe_total(double now, double since, double events);

  double evidence() const { return evidence_; }
  double threshold() const { return threshold_; }
  bool lost() const { return state_.lost; }
  double lost_since() const { return state_.lost_since; }
  double loss_estimate() const;
  double recovery() const;
  // The smallest share that so many more trials would prove; 1: not even a total loss.
  double detectable_loss(double trials) const;
  // Missed since the evidence was 0, up to rooms_needed each.
  std::size_t rooms_missed() const { return rooms_.size(); }
  std::size_t witnesses_missed() const { return witnesses_.size(); }
  void clear();

  const State& state() const { return state_; }
  // Times are not kept: what was lost before is lost since `now` of the first tick.
  void restore(const State& state);
  void resume(double now);
  const RoomNulls& nulls() const { return nulls_; }
  RoomNulls& nulls() { return nulls_; }

 private:
  double weigh(const RoomTrial& trial);
  void test_recovery(const RoomTrial& trial);
  void begin_loss();

  double threshold_;
  double evidence_ = 0;
  bool over_ = false;  // at the end of the last tick
  State state_;
  std::vector<RoomId> rooms_;
  std::vector<SocketId> witnesses_;
  RoomNulls nulls_;
};

}  // namespace fanfare
