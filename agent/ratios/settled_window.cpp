// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/settled_window.h"

namespace fanfare {
namespace {

using std::chrono::nanoseconds;
constexpr std::chrono::seconds shown{10};
constexpr std::chrono::seconds kept{60};

// A cohort of `at` settles at at + settle_time.
bool within(const Cohort& cohort, nanoseconds now, nanoseconds window) {
  return now - cohort.at < window + settle_time;
}

}  // namespace

void SettledWindow::add(const Cohort& cohort) {
  cohorts_.push_back(cohort);
  while (cohort.at - cohorts_.front().at >= kept) cohorts_.pop_front();
}

Ratio SettledWindow::ratio(nanoseconds now) const {
  Ratio ratio;
  ratio.window = shown;
  for (const auto& cohort : cohorts_) {
    if (!within(cohort, now, shown)) continue;
    ratio.numerator += cohort.seen;
    ratio.denominator += cohort.due;
    ratio.losses += cohort.losses;
    ratio.coverage = cohort.coverage;
    if (!cohort.unusable.empty()) ratio.unknown = cohort.unusable;
  }
  if (!ratio.unknown.empty()) return ratio;
  if (ratio.denominator > 0)
    ratio.value = ratio.numerator / ratio.denominator;
  else
    ratio.unknown = "nothing was due in the last 10 s";
  return ratio;
}

SettledWindow::Sums SettledWindow::sums(nanoseconds now) const {
  Sums sums;
  for (const auto& cohort : cohorts_) {
    if (!within(cohort, now, kept)) continue;
    sums.due += cohort.due;
    sums.seen += cohort.seen;
    sums.surplus += cohort.surplus;
    sums.elsewhere += cohort.elsewhere;
    sums.losses += static_cast<double>(cohort.losses);
    sums.seconds += std::chrono::duration<double>(cohort.span).count();
  }
  return sums;
}

double SettledWindow::due_per_second(nanoseconds now) const {
  const Sums last = sums(now);
  return last.seconds > 0 ? last.due / last.seconds : 0;
}

}  // namespace fanfare
