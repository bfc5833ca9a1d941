// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/machine.h"

#include <algorithm>
#include <utility>

namespace fanfare {
namespace {

void fire(Alert& alert, Severity severity, Monotonic now, Wall wall) {
  alert.state = AlertState::firing;
  alert.severity = severity;
  alert.since = now;
  alert.started = wall;
  alert.ended = {};
  alert.step.clear();
  alert.ended_by.clear();
}

// The step is part of what Alertmanager knows the alert by: it stays as it was found first.
void tell(Alert& alert, const Texts& texts) {
  if (alert.state != AlertState::firing || alert.step.empty()) alert.step = texts.step;
  alert.summary = texts.summary;
  alert.why = texts.why;
  alert.next = texts.next;
}

}  // namespace

AlertMachine::AlertMachine(const Patience& patience, std::string name, std::string shard,
                           std::string peer)
    : patience_(patience) {
  blank_.name = std::move(name);
  blank_.shard = std::move(shard);
  blank_.peer = std::move(peer);
}

AlertMachine AlertMachine::firing(const Patience& patience, Alert alert, Monotonic now) {
  AlertMachine machine(patience, alert.name, alert.shard, alert.peer);
  alert.state = AlertState::firing;
  alert.since = now;
  machine.alert_ = std::move(alert);
  return machine;
}

void AlertMachine::advance(const Observation& seen, const Texts& texts, Monotonic now, Wall wall) {
  if (seen.verdict == Verdict::ill)
    fall_ill(seen, texts, now, wall);
  else
    recover(seen, texts, now, wall);
  look_at_sight(seen, texts, now);
  const bool resolved = alert_ && alert_->state == AlertState::resolved;
  if (resolved && now - alert_->since >= resolved_kept) alert_.reset();
}

// An alert that nobody can judge any more must neither end nor go on as if it were seen.
void AlertMachine::look_at_sight(const Observation& seen, const Texts& texts, Monotonic now) {
  if (seen.verdict != Verdict::unknown && !seen.by_memory)
    unseen_since_.reset();
  else if (!unseen_since_)
    unseen_since_ = now;
  if (!alert_) return;
  alert_->stale = is_firing() && unseen_since_ && now - *unseen_since_ >= unseen_after;
  alert_->missing = alert_->stale ? texts.missing : std::string();
}

void AlertMachine::end(const std::string& reason, Monotonic now, Wall wall) {
  const bool told = is_firing();
  ill_since_.reset();
  break_since_.reset();
  unseen_since_.reset();
  well_at_.reset();
  healthy_ = {};
  if (!alert_ || alert_->state == AlertState::resolved) return;
  if (!told) return alert_.reset();
  alert_->state = AlertState::resolved;
  alert_->since = now;
  alert_->ended = wall;
  alert_->stale = false;
  alert_->missing.clear();
  alert_->ended_by = reason;
}

void AlertMachine::fall_ill(const Observation& seen, const Texts& texts, Monotonic now, Wall wall) {
  healthy_ = {};
  well_at_.reset();
  if (break_since_ && ill_since_) *ill_since_ += now - *break_since_;
  break_since_.reset();
  if (seen.severity == Severity::info)
    ill_since_.reset();
  else if (!ill_since_)
    ill_since_ = now;
  if (!alert_) {
    alert_ = blank_;
    alert_->since = now;
    alert_->started = wall;
  }
  Alert& alert = *alert_;
  if (alert.state == AlertState::firing) {
    alert.severity = std::min(alert.severity, seen.severity);
  } else if (ill_since_ && now - *ill_since_ >= patience_.hold) {
    relapses_ = resolved_at_ && now - *resolved_at_ < relapse_within ? relapses_ + 1 : 0;
    fire(alert, seen.severity, now, wall);
  } else if (alert.state == AlertState::pending) {
    alert.severity = seen.severity;
  } else {
    return;  // resolved, and not ill for long enough to fire again
  }
  alert.value = seen.value;
  tell(alert, texts);
}

std::chrono::nanoseconds AlertMachine::well_needed() const {
  constexpr int most = 5;
  return patience_.well * (1 << std::min(relapses_, most));
}

bool AlertMachine::is_spent(Monotonic now) const {
  return !alert_ && (!resolved_at_ || now - *resolved_at_ >= relapse_within);
}

void AlertMachine::recover(const Observation& seen, const Texts& texts, Monotonic now, Wall wall) {
  if (!break_since_) break_since_ = now;
  const bool lapsed = now - *break_since_ >= patience_.lapse;
  if (lapsed) ill_since_.reset();
  const bool well = seen.verdict == Verdict::well;
  const auto before = std::exchange(well_at_, well ? std::optional(now) : std::nullopt);
  if (!alert_ || alert_->state == AlertState::resolved) return;
  if (alert_->state == AlertState::pending) {
    if (lapsed) alert_.reset();
    return;
  }
  if (before && well) healthy_ += now - *before;
  if (seen.verdict == Verdict::unknown) return;
  Alert& alert = *alert_;
  tell(alert, texts);
  const bool proven = healthy_ >= well_needed() && now - alert.since >= patience_.firing;
  if (!proven && seen.verdict != Verdict::replaced) return;
  if (proven) resolved_at_ = now;
  alert.state = AlertState::resolved;
  alert.since = now;
  alert.ended = wall;
  alert.value = seen.value;
}

}  // namespace fanfare
