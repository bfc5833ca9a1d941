// SPDX-License-Identifier: Apache-2.0
// The life of one alert: pending, firing, resolved. Knows times and verdicts, nothing of ratios.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/alerts/alert.h"

namespace fanfare {

// What one tick says of one alert.
enum class Verdict {
  ill,       // the condition holds
  well,      // the condition was looked for and does not hold
  unknown,   // could not be told: proves nothing
  replaced,  // another alert says the same better
};

// How long a state must last before the next.
struct Patience {
  // Ill before it fires, breaks left out; a break of `lapse` begins it anew.
  std::chrono::nanoseconds hold{0};
  std::chrono::nanoseconds lapse{0};
  // A page that ends at once is taken for a false alarm.
  std::chrono::nanoseconds firing = std::chrono::seconds(60);
  // Of health that was seen, in sum, before it is resolved: the proof of recovery itself is the
  // judge's, this is against a fault that flickers.
  std::chrono::nanoseconds well = std::chrono::seconds(30);
};

// What comes back within so long has not been well: each time the proof must last twice as long as
// the time before, up to 32 times.
inline constexpr std::chrono::hours relapse_within{1};

// A resolved alert is told for that long: Alertmanager forgets what it was not told again.
inline constexpr std::chrono::minutes resolved_kept{5};

// What fires and has not been seen for that long, neither ill nor well, is stale: told so, and not
// over. A quiet shard has minutes without an event.
inline constexpr std::chrono::minutes unseen_after{2};

struct Observation {
  Verdict verdict = Verdict::unknown;
  Severity severity = Severity::info;  // info never fires, it stays a pending note
  double value = 0;
  // Ill by what was seen before: at this tick nothing could be told.
  bool by_memory = false;
};

struct Texts {
  std::string step;
  std::string summary;
  std::string why;
  std::string next;
  std::string missing{};  // for a verdict at this tick; a part of a sentence
};

class AlertMachine {
 public:
  AlertMachine(const Patience& patience, std::string name, std::string shard, std::string peer);

  // An alert that fired before a restart: it goes on, and must live through its latch again.
  static AlertMachine firing(const Patience& patience, Alert alert, Monotonic now);

  // Ticks in the order of their times. `texts` is read where the verdict is ill or well.
  void advance(const Observation& seen, const Texts& texts, Monotonic now, Wall wall);

  // Over without a proof of recovery, by `reason`, a sentence. What is ill afterwards begins anew.
  void end(const std::string& reason, Monotonic now, Wall wall);

  // It remembers nothing that would matter to an alert that begins anew.
  bool is_spent(Monotonic now) const;

  // Empty where there is nothing to show: never ill, or resolved long ago.
  const std::optional<Alert>& alert() const { return alert_; }
  bool is_firing() const { return alert_ && alert_->state == AlertState::firing; }

 private:
  void fall_ill(const Observation& seen, const Texts& texts, Monotonic now, Wall wall);
  void recover(const Observation& seen, const Texts& texts, Monotonic now, Wall wall);
  std::chrono::nanoseconds well_needed() const;
  void look_at_sight(const Observation& seen, const Texts& texts, Monotonic now);

  Patience patience_;
  Alert blank_;  // name, shard and peer
  std::optional<Alert> alert_;
  std::optional<Monotonic> ill_since_;  // later by all breaks that did not end it
  std::optional<Monotonic> break_since_;
  std::chrono::nanoseconds healthy_{0};    // seen since it was last ill
  std::optional<Monotonic> well_at_;       // the tick before this one was well
  std::optional<Monotonic> unseen_since_;  // nothing could be told since then
  std::optional<Monotonic> resolved_at_;   // by proof, within the last hour
  int relapses_ = 0;                       // in a row, each within an hour of its proof
};

}  // namespace fanfare
