// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/cohorts.h"

#include <utility>

namespace fanfare {
namespace {

// The timer of the tick wanders by so much.
constexpr std::chrono::milliseconds timer_jitter{200};

}  // namespace

void Cohorts::add(Cohort cohort) {
  for (auto& open : open_) {
    open.sockets = std::min(open.sockets, cohort.sockets);
    const double moved = std::min(open.capacity - open.seen, cohort.seen - cohort.capacity);
    if (moved <= 0) continue;
    open.seen += moved;
    cohort.seen -= moved;
  }
  if (surplus_ == Surplus::dropped) {
    cohort.surplus = std::max(0.0, cohort.seen - cohort.capacity);
    cohort.seen -= cohort.surplus;
  }
  const auto before = std::exchange(last_sockets_, cohort.sockets);
  cohort.sockets = std::min(cohort.sockets, before.value_or(cohort.sockets));
  open_.push_back(std::move(cohort));
}

void Cohorts::spoil(const std::string& why) {
  for (auto& open : open_) open.unusable = why;
}

std::optional<Cohort> Cohorts::take(std::chrono::nanoseconds now) {
  if (open_.empty() || now - open_.front().at < settle_time - timer_jitter) return std::nullopt;
  auto cohort = std::move(open_.front());
  open_.pop_front();
  return cohort;
}

}  // namespace fanfare
