// SPDX-License-Identifier: Apache-2.0
// All alerts of this agent: one state machine for each (alert, shard, peer).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/alerts/alert.h"
#include "agent/alerts/machine.h"
#include "agent/alerts/own_sight.h"
#include "agent/alerts/rules.h"
#include "agent/model/shards.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

class Board {
 public:
  // `now` and `wall` of the tick. Returns all alerts that are pending, firing or lately resolved,
  // worst first. A shard that is missing from `judgements`, or empty, proves nothing: its alerts
  // stay, and end when that has lasted for `patience`; of `ended` ones at once. But for
  // FanfareServerAbsent: an expected shard is never missing.
  std::vector<Alert> advance(Monotonic now, Wall wall, const std::vector<Judgement>& judgements,
                             const OwnSight& sight = {}, const std::vector<EndedShard>& ended = {});
  void set_patience(std::chrono::seconds patience) { patience_ = patience; }

  // An operator ends what fires by that name for that shard, of all its peers. Returns them.
  std::vector<AlertKey> clear(const std::string& name, const std::string& shard,
                              const std::string& by, Monotonic now, Wall wall);

  // What fires, as JSON, so that a restart of the agent goes on firing.
  std::string save() const;
  // `now` and `wall` of the start. False where the text is not such a state; then nothing has
  // changed.
  bool restore(std::string_view json, Monotonic now, Wall wall);

 private:
  void take(const Symptom& symptom, const Judgement& judgement, Monotonic now, Wall wall);
  void take(const OwnSight& sight, Monotonic now, Wall wall);
  AlertMachine* machine_of(const Symptom& symptom);
  static void pass_over(const AlertKey& key, AlertMachine& machine, Monotonic now, Wall wall);
  bool is_firing(const AlertKey& key) const;
  void end_all_of(const std::string& shard, const std::string& reason, Monotonic now, Wall wall);
  void end_missing(const std::vector<Judgement>& judgements, Monotonic now, Wall wall);

  std::chrono::seconds patience_{600};
  std::map<std::string, Monotonic> missing_since_;  // shards of machines, without a judgement
  std::map<AlertKey, AlertMachine> machines_;
};

}  // namespace fanfare
