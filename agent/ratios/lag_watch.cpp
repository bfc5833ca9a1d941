// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/lag_watch.h"

#include <algorithm>
#include <cmath>

namespace fanfare {
namespace {

constexpr double events_needed = 10;
constexpr double too_many = 0.5;
constexpr double in_order = 0.25;

}  // namespace

void LagWatch::count(double seconds) {
  const auto bucket = std::ranges::lower_bound(lag_buckets, seconds) - lag_buckets.begin();
  ++figures_.histogram[static_cast<std::size_t>(bucket)];
  figures_.sum_seconds += seconds;
}

void LagWatch::advance(const ShardDelta& delta) {
  now_ = delta.at;
  double came = 0;
  double late = 0;
  const auto take = [&](double seconds) {
    if (seconds < 0) return;
    count(seconds);
    came += 1;
    late += seconds > delta.late_seconds ? 1 : 0;
  };
  for (const auto& event : delta.events.settled) take(event.lag_seconds);
  for (const auto& event : delta.events.late) take(event.lag_seconds);
  // Of counts only the middle is known: half of what came, at least, has taken that long.
  if (came == 0 && delta.lag_median_seconds) {
    came = static_cast<double>(std::max<std::uint64_t>(delta.reached, 1));
    late = *delta.lag_median_seconds > delta.late_seconds ? came : 0;
  }
  came_.add(now_, late, came);
  const auto minute = came_.ratio(now_);
  figures_.late = minute.numerator;
  figures_.came = minute.denominator;
  figures_.limit_seconds = delta.late_seconds;
  // Three standard errors beyond a half: of few events most are late by chance, where a client
  // stalls.
  const double sure = too_many * minute.denominator + 1.5 * std::sqrt(minute.denominator);
  if (minute.denominator >= events_needed)
    late_ = late_ ? *minute.value > in_order : minute.numerator > sure;
  figures_.is_late = late_;
}

LagFigures LagWatch::figures() const { return figures_; }

}  // namespace fanfare
