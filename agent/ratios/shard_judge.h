// SPDX-License-Identifier: Apache-2.0
// All signals of one shard.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/ratios/delivery_judge.h"
#include "agent/ratios/event_signal.h"
#include "agent/ratios/judge.h"
#include "agent/ratios/lag_watch.h"
#include "agent/ratios/peer_signal.h"
#include "agent/ratios/room_judge.h"

namespace fanfare {

// Takes out of `held` what has been missing for `patience`. `missing` is what is so `now`, and
// `missing_since` what has been so up to the tick before.
template <typename Held>
void forget_missing_in(Held& held, std::map<std::string, std::chrono::nanoseconds> missing,
                       std::map<std::string, std::chrono::nanoseconds>& missing_since,
                       std::chrono::nanoseconds now, std::chrono::nanoseconds patience) {
  for (auto& [name, since] : missing) {
    const auto before = missing_since.find(name);
    if (before != missing_since.end()) since = before->second;
    if (now - since >= patience) held.erase(name);
  }
  missing_since = std::move(missing);
}

class Judge::ShardJudge {
 public:
  Judgement advance(const ShardDelta& delta);
  void clear(const std::string& peer, std::string_view signal);
  // Of peers that the model has not known for `patience`: they were somewhere else once.
  void forget_peers(std::chrono::nanoseconds now, std::chrono::nanoseconds patience);

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
  std::deque<Recent> recent_;             // 10 s
  std::vector<std::string> known_peers_;  // to the model, at the latest tick
  std::map<std::string, std::chrono::nanoseconds> peers_missing_since_;
  std::uint64_t log_end_ = 0;
  bool copies_known_ = false;  // something has been due: the shard has a denominator
};

}  // namespace fanfare
