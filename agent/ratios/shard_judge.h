// SPDX-License-Identifier: Apache-2.0
// All signals of one shard.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "agent/ratios/delivery_judge.h"
#include "agent/ratios/event_signal.h"
#include "agent/ratios/judge.h"
#include "agent/ratios/lag_watch.h"
#include "agent/ratios/peer_signal.h"
#include "agent/ratios/room_judge.h"

namespace fanfare {

class Judge::ShardJudge {
 public:
  Judgement advance(const ShardDelta& delta);
  void clear(const std::string& peer, std::string_view signal);

  EventSignal reach{Outcome::reach};
  EventSignal copies{Outcome::copies};
  std::map<std::string, PeerSignal> peers;
  DeliveryJudge delivery;
  LagWatch lag;
  RoomJudge rooms;

 private:
  struct Recent {
    std::chrono::nanoseconds at{};
    std::uint64_t due = 0;
    LossDelta losses{};
    double hidden = 0;  // events that may have been seen or due, and were not counted as such
  };

  void sum_recent(const ShardDelta& delta, std::uint64_t due, Judgement& judgement);
  void count_origins(const ShardDelta& delta);
  void judge_reach(const ShardDelta& delta, std::uint64_t due, Judgement& judgement);
  void judge_peers(const ShardDelta& delta, Judgement& judgement);

  OriginFigures origins_;
  std::deque<Recent> recent_;  // 10 s
  std::uint64_t log_end_ = 0;
  bool copies_known_ = false;  // something has been due: the shard has a denominator
};

}  // namespace fanfare
