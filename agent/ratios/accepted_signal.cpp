// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/accepted_signal.h"

#include <algorithm>
#include <cmath>

#include "agent/ratios/loss_watch.h"

namespace fanfare {
namespace {

constexpr double hour = 3600, week = 7 * 86400;  // s
constexpr double least_age = 600;                // s, before a rate is known
constexpr double least_events = 100;             // likewise
constexpr double least_gap = 40;                 // expected events, see the bound
constexpr double new_gap = 400;                  // likewise, at the start of the first day
constexpr double day = 86400;                    // s
constexpr double beyond_longest = 3;
constexpr double least_seconds = 120;
constexpr double resumed_after = 5;  // events: one client that still gets through proves nothing

}  // namespace

double AcceptedSignal::rate() const {
  if (state_.age < least_age || state_.events < least_events) return 0;
  return state_.events / state_.seconds;
}

double AcceptedSignal::needed() const {
  const double young = std::max(0.0, 1 - state_.age / day);
  return std::max(least_gap + young * (new_gap - least_gap), beyond_longest * state_.longest);
}

// The rate is learned where events come, so that a gap does not lower what it is measured by.
void AcceptedSignal::take(double accepted, double seconds) {
  if (state_.lost) {
    state_.resumed += accepted;
    if (state_.resumed < resumed_after) return;
    state_.longest = std::max(state_.longest, std::min(state_.gap, needed() * 2 / beyond_longest));
    state_.lost = false;
    state_.gap = state_.gap_seconds = 0;
    return;
  }
  const double passed = state_.gap_seconds + seconds;
  const double fading = std::exp(-passed / hour);
  state_.longest = std::max(state_.longest * std::exp2(-passed / week), state_.gap);
  state_.events = state_.events * fading + accepted;
  state_.seconds = state_.seconds * fading + passed;
  state_.age += passed;
  state_.gap = state_.gap_seconds = 0;
}

void AcceptedSignal::miss(std::chrono::nanoseconds now, double seconds) {
  state_.gap += rate() * seconds;
  state_.gap_seconds += seconds;
  if (state_.lost || state_.gap < needed() || state_.gap_seconds < least_seconds) return;
  state_.lost = true;
  state_.lost_since = now - std::chrono::nanoseconds(static_cast<long>(state_.gap_seconds * 1e9));
  state_.resumed = 0;
}

Signal AcceptedSignal::advance(std::chrono::nanoseconds now, std::chrono::nanoseconds span,
                               double accepted, bool settled) {
  const double seconds = std::chrono::duration<double>(span).count();
  if (state_.lost && state_.lost_since.count() == 0) state_.lost_since = now;
  if (!settled && !state_.lost)
    state_.gap = state_.gap_seconds = 0;
  else if (accepted > 0)
    take(accepted, seconds);
  else
    miss(now, seconds);
  shown_.add(now, accepted, rate() * seconds);

  Signal signal;
  signal.name = signal_accepted;
  signal.ratio = shown_.ratio(now);
  if (rate() <= 0) signal.ratio.unknown = "the rate of an hour is not known yet";
  if (!settled) signal.ratio.unknown = "the clients' sockets have left";
  if (!signal.ratio.unknown.empty()) signal.ratio.value.reset();
  signal.normal = 1;
  signal.learned = std::chrono::seconds(static_cast<long>(state_.age));
  // On the scale of the others: half a nat for an expected event, less where pauses are usual.
  const double gap = std::min(state_.gap / needed(), 10.0);
  signal.threshold = loss_threshold;
  signal.evidence = loss_threshold * gap;
  signal.loss_estimate = state_.lost ? 1 : 0;
  signal.lost = state_.lost;
  signal.lost_since = state_.lost_since;
  signal.detectable_loss = rate() * 300 >= needed() ? 0.999 : 1;
  return signal;
}

}  // namespace fanfare
