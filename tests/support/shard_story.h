// SPDX-License-Identifier: Apache-2.0
// One shard told second by second to a Judge, for tests that are stories.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "agent/ratios/judge.h"

namespace fanfare {

class ShardStory {
 public:
  // What happens in one second, before the reader of it changes anything.
  std::uint64_t due = 20;
  double reach = 1;  // of the events; the rest is rounded to whole events over time
  double copies_per_event = 10;
  std::uint64_t sockets = 100;
  std::uint64_t unsynced = 0;
  LossDelta losses{};
  std::uint64_t elsewhere = 0;  // reached, and published on other nodes
  std::uint64_t unidentified = 0;
  bool replicates = true;
  bool identifies = true;
  std::vector<PeerDelta> peers{};

  // One second; its delta goes through `change` before it is judged.
  const Judgement& second(const std::function<void(ShardDelta&)>& change = {}) {
    using std::chrono::seconds;
    now_ += seconds(1);
    owed_reached_ += static_cast<double>(due) * reach;
    owed_copies_ += static_cast<double>(due) * copies_per_event;
    ShardDelta delta;
    delta.shard = "chat";
    delta.at = now_;
    delta.span = seconds(1);
    (replicates ? delta.commands : delta.accepted) = due;
    delta.reached_local = whole(owed_reached_);
    delta.reached = delta.reached_local + elsewhere;
    delta.copies = whole(owed_copies_);
    delta.unidentified = unidentified;
    delta.sockets_synced = sockets;
    delta.sockets_unsynced = unsynced;
    delta.losses = losses;
    delta.replicates = replicates;
    delta.identifies = identifies;
    delta.peers = peers;
    if (change) change(delta);
    last_ = judge_.advance({delta}).at(0);
    return last_;
  }

  // Until `done`, at most so many seconds; how many it took, empty if it never was.
  std::optional<int> until(int most, const std::function<bool(const Judgement&)>& done) {
    for (int i = 1; i <= most; ++i)
      if (done(second())) return i;
    return std::nullopt;
  }

  // So many seconds; true if a signal was lost in any of them.
  bool lost_within(int seconds) {
    return until(seconds,
                 [](const Judgement& judgement) {
                   for (const auto& signal : judgement.signals)
                     if (signal.lost) return true;
                   return false;
                 })
        .has_value();
  }

  const Judgement& last() const { return last_; }
  std::chrono::nanoseconds now() const { return now_; }
  Judge& judge() { return judge_; }

 private:
  static std::uint64_t whole(double& owed) {
    const auto given = static_cast<std::uint64_t>(owed + 1e-9);
    owed -= static_cast<double>(given);
    return given;
  }

  Judge judge_;
  std::chrono::nanoseconds now_ = std::chrono::hours(1);
  double owed_reached_ = 0, owed_copies_ = 0;
  Judgement last_;
};

inline const Signal* find_signal(const Judgement& judgement, std::string_view name,
                                 std::string_view peer = {}) {
  for (const auto& signal : judgement.signals)
    if (signal.name == name && signal.peer == peer) return &signal;
  return nullptr;
}

inline auto is_lost(std::string_view name) {
  return [name](const Judgement& judgement) {
    const auto* signal = find_signal(judgement, name);
    return signal && signal->lost;
  };
}

inline auto is_well(std::string_view name) {
  return [name](const Judgement& judgement) { return !is_lost(name)(judgement); };
}

}  // namespace fanfare
