// SPDX-License-Identifier: Apache-2.0
#include "agent/model/replication_log.h"

#include <algorithm>
#include <tuple>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;

}  // namespace

LogStep log_step(const fanfare_rpc& requests, std::uint64_t last_before, std::uint64_t entries,
                 std::uint64_t commands, bool live) {
  const std::uint64_t last = requests.last_index;
  const std::uint64_t before_first = requests.first_index > 0 ? requests.first_index - 1 : 0;
  std::uint64_t base = last_before > 0 ? last_before : before_first;
  if (last > entries) base = std::max(base, last - entries);
  return {.base = std::min(base, last),
          .last = last,
          .entries = entries,
          .commands = std::min(commands, entries),
          .live = live};
}

std::uint64_t new_commands(const LogStep& step, std::uint64_t end) {
  const std::uint64_t above = std::max(step.base, end);
  if (step.last <= above) return 0;
  const std::uint64_t fresh = step.last - above;
  const std::uint64_t no_commands = step.entries - step.commands;
  return fresh > no_commands ? std::min(fresh - no_commands, step.commands) : 0;
}

// Entries that join each other first, of those that overlap the longest first: then each is met
// whole and above the end wherever it can be.
bool ReplicatedLog::advance(std::chrono::nanoseconds now, std::vector<LogStep> steps) {
  const bool anew = is_another_log(now, steps);
  if (anew) end_ = 0;
  const auto rank = [end = end_](const LogStep& step) {
    return std::tuple(std::max(step.base, end), ~step.last, ~step.entries);
  };
  std::sort(steps.begin(), steps.end(),
            [&](const LogStep& a, const LogStep& b) { return rank(a) < rank(b); });
  for (const LogStep& step : steps) {
    if (anew) {
      end_ = std::max(end_, step.live ? step.last : 0);
      continue;
    }
    commands_ += new_commands(step, end_);
    end_ = std::max(end_, step.last);
  }
  return anew;
}

bool ReplicatedLog::is_another_log(std::chrono::nanoseconds now,
                                   const std::vector<LogStep>& steps) {
  std::uint64_t highest = 0;
  std::uint64_t entries = 0;
  for (const LogStep& step : steps) {
    if (!step.live) continue;
    highest = std::max(highest, step.last);
    entries += step.entries;
  }
  if (highest >= end_) below_.reset();
  if (highest >= end_ || entries == 0) return false;
  if (!below_ || highest < below_->index) below_ = {now, highest};
  const bool is_catching_up = highest - below_->index >= end_ - highest;
  if (now - below_->since < patience || is_catching_up) return false;
  below_.reset();
  return true;
}

}  // namespace fanfare
