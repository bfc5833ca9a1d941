// SPDX-License-Identifier: Apache-2.0
// Leads each symptom to its machine. What is kept over a restart stands in board_state.cpp.
#include "agent/alerts/board.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "agent/alerts/end_texts.h"
#include "agent/alerts/texts.h"

namespace fanfare {
namespace {

bool is_worse(const Alert& a, const Alert& b) {
  constexpr std::array<int, 3> rank{1, 0, 2};  // firing, pending, resolved
  const auto order = [&](const Alert& alert) {
    return std::tuple(rank.at(static_cast<std::size_t>(alert.state)), alert.severity,
                      std::tie(alert.name, alert.shard, alert.peer));
  };
  return order(a) < order(b);
}

}  // namespace

bool Board::is_firing(const AlertKey& key) const {
  const auto machine = machines_.find(key);
  return machine != machines_.end() && machine->second.is_firing();
}

void Board::take(const Symptom& symptom, const Judgement& judgement, Monotonic now, Wall wall) {
  Symptom told = symptom;
  // One alert for a pair of nodes: of a stall and a loss of entries the stall is the cause.
  if (told.key.name == alert_replication_loss &&
      is_firing({alert_replication_stalled, told.key.shard, told.key.peer}))
    told.seen.verdict = Verdict::replaced;
  told.seen.by_memory =
      told.seen.verdict == Verdict::ill && told.signal && !told.stall && !told.signal->ratio.value;
  auto* machine = machine_of(told);
  if (!machine) return;
  Texts texts = describe(told, judgement);
  texts.missing = missing_text(told, judgement);
  machine->advance(told.seen, texts, now, wall);
}

void Board::take(const OwnSight& sight, Monotonic now, Wall wall) {
  const Symptom symptom = symptom_of(sight);
  if (auto* machine = machine_of(symptom))
    machine->advance(symptom.seen, describe(sight), now, wall);
}

// Null where there is no alert, and no reason for one.
AlertMachine* Board::machine_of(const Symptom& symptom) {
  auto machine = machines_.find(symptom.key);
  if (machine == machines_.end()) {
    if (symptom.seen.verdict != Verdict::ill) return nullptr;
    const auto& [name, shard, peer] = symptom.key;
    const Patience patience = patience_of(name).value_or(Patience{});
    machine = machines_.emplace(symptom.key, AlertMachine(patience, name, shard, peer)).first;
  }
  return &machine->second;
}

// An expected shard is judged whatever it does. One that is not has left the configuration, it may
// be while the agent was restarted.
void Board::pass_over(const AlertKey& key, AlertMachine& machine, Monotonic now, Wall wall) {
  if (key.name != alert_server_absent) {
    Texts texts;
    texts.missing = "the shard has no figures";
    return machine.advance({}, texts, now, wall);
  }
  const Symptom well{key, {Verdict::well, Severity::critical, 0}};
  Judgement judgement;
  judgement.shard = key.shard;
  machine.advance(well.seen, describe(well, judgement), now, wall);
}

void Board::end_all_of(const std::string& shard, const std::string& reason, Monotonic now,
                       Wall wall) {
  for (auto& [key, machine] : machines_)
    if (key.shard == shard && key.name != alert_server_absent) machine.end(reason, now, wall);
}

// Alerts of before a restart whose shard has not come back, and of shards that are not judged.
void Board::end_missing(const std::vector<Judgement>& judgements, Monotonic now, Wall wall) {
  std::map<std::string, Monotonic> missing;
  for (const auto& [key, machine] : machines_)
    if (!key.shard.empty() &&
        std::ranges::find(judgements, key.shard, &Judgement::shard) == judgements.end())
      missing.emplace(key.shard, now);
  for (auto& [shard, since] : missing) {
    const auto before = missing_since_.find(shard);
    if (before != missing_since_.end()) since = before->second;
    if (now - since >= patience_) end_all_of(shard, gone_text({}), now, wall);
  }
  missing_since_ = std::move(missing);
}

std::vector<AlertKey> Board::clear(const std::string& name, const std::string& shard,
                                   const std::string& by, Monotonic now, Wall wall) {
  std::vector<AlertKey> cleared;
  for (auto& [key, machine] : machines_) {
    if (key.name != name || key.shard != shard || !machine.is_firing()) continue;
    machine.end(by, now, wall);
    cleared.push_back(key);
  }
  return cleared;
}

std::vector<Alert> Board::advance(Monotonic now, Wall wall,
                                  const std::vector<Judgement>& judgements, const OwnSight& sight,
                                  const std::vector<EndedShard>& ended) {
  std::set<AlertKey> spoken_to;
  if (sight.measured) {
    take(sight, now, wall);
    spoken_to.insert(symptom_of(sight).key);
  }
  for (const EndedShard& shard : ended) end_all_of(shard.name, ended_text(shard), now, wall);
  end_missing(judgements, now, wall);
  for (const Judgement& judgement : judgements) {
    const bool gone = judgement.empty_for >= patience_;
    if (gone) end_all_of(judgement.shard, gone_text(judgement.last_socket), now, wall);
    for (const Symptom& symptom : symptoms(judgement)) {
      if (gone && symptom.key.name != alert_server_absent) continue;
      take(symptom, judgement, now, wall);
      spoken_to.insert(symptom.key);
    }
  }
  std::vector<Alert> alerts;
  for (auto machine = machines_.begin(); machine != machines_.end();) {
    if (!spoken_to.contains(machine->first)) pass_over(machine->first, machine->second, now, wall);
    const std::optional<Alert>& alert = machine->second.alert();
    if (alert) alerts.push_back(*alert);
    machine =
        alert || !machine->second.is_spent(now) ? std::next(machine) : machines_.erase(machine);
  }
  std::ranges::sort(alerts, is_worse);
  return alerts;
}

}  // namespace fanfare
