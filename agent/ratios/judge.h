// SPDX-License-Identifier: Apache-2.0
// Turns what has happened, tick by tick, into ratios and evidence for each shard: settles cohorts,
// learns what is normal, feeds the detectors.
#pragma once

#include <map>
#include <memory>
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

  // Baselines and detector states as JSON, so that a restart of the agent neither forgets what is
  // normal nor learns a fault as normal. Times are left out: CLOCK_MONOTONIC may start anew.
  std::string save() const;
  // False where the text is not such a state (then nothing has changed).
  bool restore(std::string_view json);

 private:
  class ShardJudge;
  std::map<std::string, std::unique_ptr<ShardJudge>> shards_;
};

}  // namespace fanfare
