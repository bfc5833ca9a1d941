// SPDX-License-Identifier: Apache-2.0
// Turns what has happened, tick by tick, into ratios and evidence for each shard: settles cohorts,
// learns what is normal, feeds the detectors.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/deltas.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

class Judge {
 public:
  Judge();
  ~Judge();

  // Ticks in the order of their times. A shard that is missing for a while keeps its state.
  std::vector<Judgement> advance(const std::vector<ShardDelta>& deltas);

  // The shard has ended: what was normal for it, and what was lost, is of nobody.
  void forget(const std::string& shard);
  // The same of those that have been missing for `patience`, but for `kept`: they may have ended
  // while the agent was away.
  void forget_missing(std::chrono::nanoseconds now, std::chrono::nanoseconds patience,
                      const std::set<std::string>& kept);
  // What this signal lost is over without a proof: evidence begins anew, what is normal stays. An
  // empty signal: of all of them.
  void clear(const std::string& shard, const std::string& peer, std::string_view signal);

  // Baselines and detector states as JSON, so that a restart of the agent neither forgets what is
  // normal nor learns a fault as normal. Times are left out: CLOCK_MONOTONIC may start anew.
  std::string save() const;
  // False where the text is not such a state (then nothing has changed).
  bool restore(std::string_view json);

 private:
  class ShardJudge;
  std::map<std::string, std::unique_ptr<ShardJudge>> shards_;
  std::map<std::string, std::chrono::nanoseconds> missing_since_;
};

}  // namespace fanfare
