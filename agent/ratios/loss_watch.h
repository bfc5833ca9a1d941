// SPDX-License-Identifier: Apache-2.0
// From evidence to "lost", and from lost back to well: latched, so that a day of outage stays lost
// until recovery is proven. Pure: time is given.
#pragma once

#include <chrono>

#include "agent/ratios/cohorts.h"
#include "agent/ratios/ecusum.h"
#include "agent/ratios/loss_test.h"

namespace fanfare {

// ln(31,557,600 ticks of a year * 6 signals * 3 hosts) = 20.16 nats: by the e-detector's guarantee
// at most one false alarm a year for a shard of three hosts, all its signals together: reach,
// copies, two peers, and four that are tested every ten seconds (0.4). Accepted keeps its own
// bound.
inline constexpr double loss_threshold = 20.16;
// Above it nothing is learned as normal: the chance of it in health is at most e^-3 at a time.
inline constexpr double suspicion = 3;
inline constexpr double recovery_threshold = 4.6;  // nats: 1 % error
// Where the sequential test for recovery is reflected, and begins. Reflected at 0 it would prove a
// recovery by chance within e^4.6 tries, minutes at a loss of 5 %; 9.2 nats more make it months.
inline constexpr double recovery_floor = -9.2;
inline constexpr int recovery_cohorts = 5;

class LossWatch {
 public:
  // Crosses doorways of the room only as JSON, see state_json.h.
  struct State {
    bool lost = false;
    std::chrono::nanoseconds lost_since{};
    double expected = 0, seen = 0;                  // of the loss
    double pending_expected = 0, pending_seen = 0;  // since the recovery test stood at its floor
    double worst = 0;                               // greatest loss estimate since it began
    double recovery = 0;                            // recovery_floor..recovery_threshold
    int healthy = 0;  // cohorts since the recovery test left its floor
  };

  explicit LossWatch(std::size_t components) : evidence_(components) {}

  // A settled cohort that can be judged, with something due. `expected`: what would be seen of it
  // if all were as normal. Lost where the cohort after the one that crossed the threshold does not
  // speak against it (one reading may be torn); well again from 4.6 nats and five cohorts (then the
  // evidence is 0 again).
  void advance(const Cohort& cohort, double expected, const LossTest& test);

  // It is over, nobody has proven how: an operator says so, or the server is gone.
  void clear() {
    state_ = {};
    evidence_.reset();
  }

  // The evidence was not against what is normal, after all.
  void forget() { evidence_.reset(); }

  // Times are not restored (state_json.h): what was lost before is lost since now.
  void resume(std::chrono::nanoseconds now);

  double evidence() const { return evidence_.evidence(); }
  bool lost() const { return state_.lost; }
  bool suspicious() const { return state_.lost || evidence() > suspicion; }
  // Share of what was expected that is missing since the loss began; 0 without evidence.
  double loss_estimate() const;
  double recovery() const { return state_.lost ? std::max(0.0, state_.recovery) : 0; }
  std::chrono::nanoseconds lost_since() const { return state_.lost_since; }

  const State& state() const { return state_; }
  State& state() { return state_; }
  const Mixture& mixture() const { return evidence_; }
  Mixture& mixture() { return evidence_; }

 private:
  void begin_loss();
  void test_recovery(const Cohort& cohort, double expected, const LossTest& test);

  Mixture evidence_;
  State state_;
};

}  // namespace fanfare
