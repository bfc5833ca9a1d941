// SPDX-License-Identifier: Apache-2.0
// What a RoomJudge says of its shard.
#include <algorithm>

#include "agent/ratios/room_judge.h"

namespace fanfare {
namespace {

constexpr double with_room_needed = 0.8;  // of the events

std::chrono::nanoseconds nanoseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

}  // namespace

// Most events can be assigned to a room; or what they showed while they could stands.
bool RoomJudge::can_judge() const {
  const auto with_room = roomed_.ratio(at_).value;
  return std::ranges::any_of(runs_, [](const RoomRun& run) { return run.lost(); }) ||
         (with_room && *with_room >= with_room_needed);
}

std::optional<Signal> RoomJudge::signal() {
  if (!can_judge()) return std::nullopt;
  const auto worse = [](const RoomRun& a, const RoomRun& b) {
    if (a.lost() != b.lost()) return a.lost();
    return a.lost() ? a.lost_since() < b.lost_since()
                    : a.evidence() - a.threshold() > b.evidence() - b.threshold();
  };
  const auto run = std::ranges::min_element(runs_, worse);
  const auto which = static_cast<RunOf>(run - runs_.begin());
  Signal signal{.name = signal_reach,
                .peer = {},
                .ratio = judged_.ratio(at_),
                .normal = runs_.front().nulls().usual_mean(),
                .learned = std::nullopt,
                .evidence = run->evidence(),
                .threshold = run->threshold(),
                .loss_estimate = run->loss_estimate(),
                .lost = run->lost(),
                .lost_since = nanoseconds(run->lost_since()),
                .recovery = run->recovery(),
                .origin = std::string(run_name(which))};
  signal.detectable_loss =
      detectable_.at(at_, [&] { return run->detectable_loss(5 * minute_.ratio(at_).numerator); });
  if (!signal.ratio.value) signal.ratio.unknown = "no room that has a reader had an event";
  if (!signal.lost && (sockets_ < rooms_needed || rooms_.all().size() < rooms_needed)) {
    signal.ratio.value.reset();
    signal.ratio.unknown = "fewer than four clients or four rooms cannot be judged from counts";
    signal.detectable_loss = 1;
  }
  return signal;
}

RoomFigures RoomJudge::figures() const {
  RoomFigures figures{.judged = can_judge(),
                      .rooms = rooms_.all().size(),
                      .witnesses = witnesses_.size(),
                      .rooms_forced_out = rooms_.forced_out(),
                      .with_room = roomed_.ratio(at_).value.value_or(0),
                      .trials_per_minute = minute_.ratio(at_).numerator,
                      .dark = dark_now_};
  for (const RoomRun& run : runs_) {
    figures.rooms_missed = std::max(figures.rooms_missed, run.rooms_missed());
    figures.witnesses_missed = std::max(figures.witnesses_missed, run.witnesses_missed());
  }
  return figures;
}

void RoomJudge::clear() {
  for (RoomRun& run : runs_) run.clear();
  unserved_.clear();
  unserved_since_ = now_;
}

}  // namespace fanfare
