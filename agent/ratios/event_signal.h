// SPDX-License-Identifier: Apache-2.0
// Reach or copies of one shard on this node: cohorts, what is normal of them, and the watch for a
// loss.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/ratios/cohorts.h"
#include "agent/ratios/contradiction.h"
#include "agent/ratios/judgement.h"
#include "agent/ratios/learner.h"
#include "agent/ratios/loss_watch.h"
#include "agent/ratios/settled_window.h"

namespace fanfare {

enum class Outcome {
  reach,   // an event reaches somebody or nobody
  copies,  // an event brings any number of copies
};

class EventSignal {
 public:
  explicit EventSignal(Outcome outcome);

  // The cohort of this tick; those that settle with it are judged, and learned from where they are
  // well. Cohorts without sockets, without anything due, or unusable do neither: no traffic is no
  // loss and no recovery. `others` is what other signals say of the same events: a fault that one
  // of them has seen is not learned by this one.
  Signal advance(Cohort cohort, Doubt others = Doubt::none);

  Doubt doubt() const;

  // Expected outcome of an event in health, see Baseline; empty while learning.
  std::optional<double> normal(std::uint64_t sockets) const;

  const Learner& learner() const { return learner_; }
  Learner& learner() { return learner_; }
  const LossWatch& watch() const { return watch_; }
  LossWatch& watch() { return watch_; }

 private:
  std::unique_ptr<LossTest> test_against(const Normal& normal) const;
  void judge_unlearned(const Cohort& cohort);
  void judge(Cohort cohort, Doubt others);

  Outcome outcome_;
  Cohorts cohorts_;
  Learner learner_;
  LossWatch watch_;
  SettledWindow settled_;
  Contradiction contradiction_;  // of reach
  std::uint64_t sockets_ = 0;    // of the last tick that had any
  SlowFigure detectable_;
};

}  // namespace fanfare
