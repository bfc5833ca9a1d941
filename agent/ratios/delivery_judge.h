// SPDX-License-Identifier: Apache-2.0
// What becomes of the messages once they are written, and of the sockets that they are for: one
// shard's signals of delivery. Pure: time is given.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <utility>
#include <vector>

#include "agent/model/deltas.h"
#include "agent/ratios/accepted_signal.h"
#include "agent/ratios/block_signal.h"
#include "agent/ratios/judgement.h"
#include "agent/ratios/window_sum.h"

namespace fanfare {

// A mean over the last so many seconds, older ones fading.
class FadingMean {
 public:
  struct State {
    double sum = 0, seconds = 0;  // fading
    double age = 0;               // s, not fading
  };
  explicit FadingMean(std::chrono::seconds time) : time_(static_cast<double>(time.count())) {}
  // `amount` is what came within `seconds`.
  void add(double amount, double seconds);
  double per_second() const { return state_.seconds > 0 ? state_.sum / state_.seconds : 0; }
  const State& state() const { return state_; }
  State& state() { return state_; }

 private:
  double time_;
  State state_;
};

class DeliveryJudge {
 public:
  // Signals that have something to say: each from its first message, close, judged socket or
  // accepted event on.
  void advance(const ShardDelta& delta, Judgement& judgement);

  // acked / (acked + lost) of the events whose fate became known; unknown fates are neither. Normal
  // in 0.95..0.999, less on mobile networks; null: 0.02 below.
  BlockSignal ack_fate{signal_ack_fate, 0.02};
  // Events lost for each closed socket: written and not acknowledged, and those that its unsent
  // bytes would have been (by the mean size of an event). A client that stops taking has few of the
  // former in flight, and all the rest of what it misses unsent. Judged as seconds of a socket's
  // traffic, lost / closed / (copies for a socket and second), up to 100: busy hours lose more at
  // each close. Null: 2 s more than normal.
  BlockSignal close_loss{signal_close_loss, 0.02};
  // Silent / judged sockets older than a minute, while the shard emits. What is normal is learned
  // for each level of traffic: in a quiet night most sockets are silent. Null: 5 points more.
  BlockSignal silence{signal_silence, 0.05};
  // How much more of one age's sockets is silent than of all others', while more are in all than in
  // the hour before: subscriptions that a reconnect has lost, hidden among quiet rooms, of which
  // each age has its share. Null: 2 points more than normal. Published as silence where it says
  // more.
  BlockSignal silence_by_age{signal_silence, 0.02};
  // Stuck / readable sockets. Null: 10 points more than normal: a cell that dies takes some along.
  BlockSignal stuck{signal_stuck, 0.1};
  AcceptedSignal accepted;
  FadingMean sockets_usual{std::chrono::hours(1)};  // open sockets

  // Those judged in blocks, by name.
  std::array<std::pair<const char*, BlockSignal*>, 5> blocks();
  std::array<std::pair<const char*, const BlockSignal*>, 5> blocks() const;

 private:
  struct Tick {
    std::chrono::nanoseconds at{};
    Fate fate{};
    std::uint64_t closed = 0;
    std::uint64_t unsent_lost = 0;  // bytes
  };
  void prove_quiet(const ShardDelta& delta, BlockTick& tick);
  void sum_recent(const ShardDelta& delta, DeliveryFigures& figures);
  void judge_bookkeeping(const ShardDelta& delta, DeliveryFigures& figures);
  void judge_acks(const ShardDelta& delta, Judgement& judgement);
  void judge_closes(const ShardDelta& delta, Judgement& judgement);
  void judge_silence(const ShardDelta& delta, Judgement& judgement);
  void judge_stuck(const ShardDelta& delta, Judgement& judgement);
  void judge_accepted(const ShardDelta& delta, Judgement& judgement);
  Signal silence_of_an_age(const ShardDelta& delta);
  BlockTick block_tick(const ShardDelta& delta) const;
  double lost_with_sockets(const ShardDelta& delta);  // events

  std::deque<Tick> recent_;                                                // a minute
  std::deque<std::pair<std::chrono::nanoseconds, std::uint64_t>> errors_;  // ten minutes
  std::chrono::nanoseconds quiet_{};  // since the last close, or since the last minute of quiet
  FadingMean event_bytes_{std::chrono::minutes(10)};
  FadingMean events_out_{std::chrono::minutes(10)};
  FadingMean copies_{std::chrono::minutes(1)};
  FadingMean due_{std::chrono::minutes(5)};         // as long as a socket takes to count as silent
  FadingMean silent_usual_{std::chrono::hours(4)};  // silent / judged
  FadingMean emitted_{std::chrono::minutes(5)};
  WindowSum acks_shown_{std::chrono::minutes(1)};
  WindowSum closes_shown_{std::chrono::minutes(10)};
  WindowSum silence_shown_{std::chrono::seconds(10)};
  WindowSum stuck_shown_{std::chrono::seconds(10)};
  bool acks_known_ = false, closes_known_ = false, silence_known_ = false, accepted_known_ = false;
};

}  // namespace fanfare
