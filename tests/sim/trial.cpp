// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/trial.h"

#include <algorithm>
#include <map>
#include <memory>

#include "agent/alerts/board.h"
#include "agent/ratios/judge.h"

namespace fanfare::sim {
namespace {

// Follows what fires.
class Watch {
 public:
  // True where a critical alert fires.
  bool take(Second now, const std::vector<Alert>& alerts, std::vector<Change>& changes) {
    bool pages = false;
    for (auto& [name, fires] : firing_) fires.now = false;
    for (const Alert& alert : alerts) {
      if (alert.state != AlertState::firing || alert.severity == Severity::info) continue;
      const bool critical = alert.severity == Severity::critical;
      pages = pages || critical;
      Fires& fires = firing_[alert.name + "/" + alert.peer + (critical ? "!" : "")];
      if (!fires.before) changes.push_back({now, true, critical, alert.name, alert.why});
      fires = {.before = true, .now = true, .critical = critical, .name = alert.name};
    }
    for (auto fires = firing_.begin(); fires != firing_.end();) {
      if (!fires->second.now) {
        changes.push_back({now, false, fires->second.critical, fires->second.name, {}});
        fires = firing_.erase(fires);
      } else {
        ++fires;
      }
    }
    return pages;
  }
  // All that fires is forgotten.
  void clear(Second now, std::vector<Change>& changes) {
    for (const auto& [key, fires] : firing_)
      changes.push_back({now, false, fires.critical, fires.name, {}});
    firing_.clear();
  }

 private:
  struct Fires {
    bool before = false, now = false, critical = false;
    std::string name{};
  };
  std::map<std::string, Fires> firing_;
};

// Follows how high the evidence climbs.
class Climber {
 public:
  void take(const Judgement& judgement) {
    for (const Signal& signal : judgement.signals) take(signal.name, signal.evidence);
  }
  std::map<std::string, Climbs> climbs() const {
    std::map<std::string, Climbs> all;
    for (const auto& [name, climb] : by_signal_) all[name] = climb.counted;
    return all;
  }

 private:
  struct Climb {
    double highest = 0;
    Climbs counted{};
  };
  void take(const std::string& name, double evidence) {
    Climb& climb = by_signal_[name];
    const auto before = static_cast<std::size_t>(climb.highest);
    climb.highest = std::max(climb.highest, evidence);
    const auto after = std::min(static_cast<std::size_t>(climb.highest), climb.counted.size() - 1);
    for (std::size_t nats = before + 1; nats <= after; ++nats) ++climb.counted[nats];
    if (evidence < back_to_nothing) climb.highest = 0;
  }
  std::map<std::string, Climb> by_signal_;
};

}  // namespace

const Change* Outcome::first_change(Second from, bool critical) const {
  for (const Change& change : changes)
    if (change.firing && change.at >= from && change.critical == critical) return &change;
  return nullptr;
}

bool Outcome::fires_at(Second t) const {
  int firing = 0;
  for (const Change& change : changes)
    if (change.critical && change.at <= t) firing += change.firing ? 1 : -1;
  return firing > 0;
}

std::optional<Second> Outcome::first_page(Second from, Second until) const {
  if (fires_at(from)) return from;
  const Change* change = first_change(from, true);
  if (change == nullptr || change->at >= until) return {};
  return change->at;
}

std::optional<Second> Outcome::last_end() const {
  int firing = 0;
  std::optional<Second> end;
  for (const Change& change : changes) {
    if (!change.critical) continue;
    firing += change.firing ? 1 : -1;
    if (firing == 0) end = change.at;
  }
  return firing > 0 ? std::nullopt : end;
}

int Outcome::pages(Second from, Second until) const {
  int firing = 0, pages = 0;
  for (const Change& change : changes) {
    if (!change.critical) continue;
    if (change.firing && firing == 0 && change.at >= from && change.at < until) ++pages;
    firing += change.firing ? 1 : -1;
  }
  return pages;
}

Outcome play(const Plan& plan, std::uint64_t seed, Edition edition) {
  ChatWorld world(plan.shape, plan.laws, seed);
  auto judge = std::make_unique<Judge>();
  auto board = std::make_unique<Board>();
  Watch watch;
  Climber climber;
  Outcome run;
  std::vector<ShardDelta> counts_only;
  const Wall begin{std::chrono::seconds(1'700'000'000)};
  while (run.seconds < plan.seconds) {
    const std::vector<ShardDelta>* seen = &world.advance();
    const Second now = ++run.seconds;
    if (edition == Edition::first) {
      counts_only = *seen;
      counts_only.front().has_rooms = false;
      counts_only.front().events = {};
      seen = &counts_only;
    }
    if (now == plan.state_lost_at) {
      judge = std::make_unique<Judge>();
      board = std::make_unique<Board>();
      watch.clear(now, run.changes);
    }
    const auto alerts =
        board->advance(seen->front().at, begin + std::chrono::seconds(now), judge->advance(*seen));
    const bool pages = watch.take(now, alerts, run.changes);
    if (pages && plan.stops_at_page && now >= plan.watched_from) break;
  }
  const ChatWorld::Truth& truth = world.truth();
  run.climbs = climber.climbs();
  run.due = truth.due;
  run.readable = truth.readable;
  run.local = truth.local;
  run.copies = truth.copies;
  return run;
}

}  // namespace fanfare::sim
