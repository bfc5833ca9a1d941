// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/baseline.h"

#include <algorithm>
#include <cmath>

namespace fanfare {
namespace {

constexpr double day = 86400;  // s
constexpr double half_life = day;
constexpr double fall_a_day = 0.05;  // of the value
constexpr double floor_share = 0.3;  // of the highest value
// In a week the lowest comes back to what the blocks are, but rises at most so much: a live event
// of some hours brings ten times the copies and is not what is usual.
constexpr double rise_time = 7 * day;  // s
constexpr double rise_a_day = 0.1;     // of the lowest
constexpr double least_cohorts = 10;   // before a level is learned
constexpr double least_events = 100;   // likewise
constexpr double least_value = 0.01;   // under it "nothing arrives" cannot be told from normal
constexpr double block_seconds = 600;  // of `lowest`
constexpr double block_events = 1000;  // at least

int level_of(std::uint64_t sockets) {
  return static_cast<int>(std::floor(2 * std::log2(static_cast<double>(sockets))));
}

double limited_fall(double wanted, double before, const Baseline::Level& level, double seconds) {
  if (before <= 0 || level.age < day) return wanted;
  return std::max(wanted, before * (1 - fall_a_day * seconds / day));
}

void learn_value(Baseline::Level& level, double seconds) {
  const double mean = level.seen / level.events;
  if (level.value <= 0 &&
      (level.cohorts < least_cohorts || level.events < least_events || mean < least_value))
    return;
  level.value =
      std::max(limited_fall(mean, level.value, level, seconds), floor_share * level.highest);
  level.highest = std::max(level.highest, level.value);
  level.age += seconds;
}

void learn_lowest(Baseline::Level& level, const Cohort& cohort, double seconds) {
  level.block_events += cohort.due;
  level.block_seen += cohort.seen;
  level.block_seconds += seconds;
  if (level.block_seconds < block_seconds || level.block_events < block_events) return;
  const double mean = level.block_seen / level.block_events;
  const double seconds_passed = level.block_seconds;
  if (level.lowest <= 0)
    level.lowest = mean;
  else if (mean < level.lowest)
    level.lowest = limited_fall(mean, level.lowest, level, seconds_passed);
  else
    level.lowest += std::min((mean - level.lowest) * seconds_passed / rise_time,
                             level.lowest * rise_a_day * seconds_passed / day);
  level.block_events = level.block_seen = level.block_seconds = 0;
}

Normal at_level(const Baseline::Level& level, double sockets) {
  const double usual = level.lowest > 0 ? std::min(level.value, level.lowest) : level.value;
  return {level.value, usual, level.events,
          std::min(1.0, sockets / (level.sockets / level.events))};
}

}  // namespace

void Baseline::learn(const Cohort& cohort) {
  if (cohort.due <= 0 || cohort.sockets == 0) return;
  const double seconds = std::chrono::duration<double>(cohort.span).count();
  const double fading = std::exp2(-seconds / half_life);
  for (auto& [key, level] : levels_) {
    level.events *= fading;
    level.seen *= fading;
    level.sockets *= fading;
  }
  auto& level = levels_[level_of(cohort.sockets)];
  level.events += cohort.due;
  level.seen += cohort.seen;
  level.sockets += cohort.due * static_cast<double>(cohort.sockets);
  level.cohorts += 1;
  learn_value(level, seconds);
  learn_lowest(level, cohort, seconds);
}

double Baseline::seen() const {
  double seen = 0;
  for (const auto& [key, level] : levels_) seen += level.seen;
  return seen;
}

double Baseline::learned_seconds() const {
  double seconds = 0;
  for (const auto& [key, level] : levels_) seconds += level.age;
  return seconds;
}

std::optional<Normal> Baseline::normal(std::uint64_t sockets) const {
  if (sockets == 0) return std::nullopt;
  const auto own = levels_.find(level_of(sockets));
  const auto here = static_cast<double>(sockets);
  if (own != levels_.end() && own->second.value > 0) return at_level(own->second, here);
  std::optional<Normal> best;
  for (const auto& [key, level] : levels_) {
    if (level.value <= 0) continue;
    const auto bound = at_level(level, here);
    if (!best || bound.usual * bound.thinning > best->usual * best->thinning) best = bound;
  }
  return best;
}

}  // namespace fanfare
