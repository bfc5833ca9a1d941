// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/history.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fanfare {
namespace {

// A wall clock that is disciplined drifts less than that from tick to tick.
constexpr std::chrono::seconds clock_was_set{1};

float figure(const std::optional<double>& value) {
  return value ? static_cast<float>(*value) : unknown_figure;
}

void add_signal(HistoryPoint& point, const Signal& signal) {
  point.evidence = std::max(point.evidence, static_cast<float>(signal.evidence));
  const float ratio = figure(signal.ratio.value);
  if (signal.name == signal_reach) {
    point.reach = ratio;
    point.reach_normal = figure(signal.normal);
  } else if (signal.name == signal_copies) {
    point.copies = ratio;
    point.copies_normal = figure(signal.normal);
  } else if (signal.name == signal_replication) {
    point.replication = std::fmin(point.replication, ratio);  // NaN is no answer
  }
}

HistoryPoint gauges(const ShardView& view, const std::vector<Alert>& alerts) {
  HistoryPoint point;
  point.synced = static_cast<std::uint32_t>(view.shard.sockets_synced);
  point.unsynced =
      static_cast<std::uint32_t>(view.shard.sockets_unsynced + sockets_dark(view.shard));
  point.coverage = figure(view.coverage);
  for (const Signal& signal : view.judgement.signals) add_signal(point, signal);
  point.firing = static_cast<std::uint32_t>(std::ranges::count_if(alerts, [&](const Alert& alert) {
    return alert.state == AlertState::firing && alert.shard == view.shard.name;
  }));
  return point;
}

float per_second(std::uint64_t before, std::uint64_t after, Monotonic span) {
  if (span <= Monotonic{0} || after < before) return unknown_figure;
  return static_cast<float>(static_cast<double>(after - before) /
                            std::chrono::duration<double>(span).count());
}

}  // namespace

std::int64_t Timeline::ended(const HistoryStep& step) const {
  const auto at = boot.time_since_epoch() + (step.number + 1) * history_step;
  return std::chrono::round<std::chrono::seconds>(at).count();
}

void History::close() {
  HistoryStep step{.number = *number_, .shards = names_, .points = std::move(running_)};
  for (std::size_t i = 0; i < running_names_.size(); ++i) {
    const Totals& end = now_.at(running_names_[i]);
    const auto begin = begin_.find(running_names_[i]);
    if (begin == begin_.end()) continue;  // it was seen once
    const Monotonic span = end.at - begin->second.at;
    step.points[i].events_out = per_second(begin->second.events_out, end.events_out, span);
    step.points[i].events_in = per_second(begin->second.events_in, end.events_in, span);
  }
  if (!names_ || *names_ != running_names_)
    names_ = std::make_shared<const std::vector<std::string>>(std::move(running_names_));
  step.shards = names_;
  begin_ = now_;

  auto next = std::make_shared<Timeline>();
  next->boot = boot_;
  const std::int64_t oldest = *number_ - static_cast<std::int64_t>(history_steps);
  for (const auto& kept : timeline_->steps)
    if (kept->number > oldest) next->steps.push_back(kept);
  next->steps.push_back(std::make_shared<const HistoryStep>(std::move(step)));
  timeline_ = std::move(next);
}

void History::advance(Monotonic now, const View& view) {
  if (now < last_) *this = History();
  last_ = now;
  const Wall boot = view.taken - std::chrono::duration_cast<Wall::duration>(now);
  if (std::chrono::abs(boot - boot_) > clock_was_set) boot_ = boot;

  const std::int64_t number = now / history_step;
  if (number_ && number != *number_) close();
  number_ = number;

  running_names_.clear();
  running_.clear();
  now_.clear();
  for (const ShardView& shard : view.shards) {
    const std::string& name = shard.shard.name;
    const Totals totals{now, shard.shard.out.messages[FANFARE_EVENT],
                        shard.shard.in.messages[FANFARE_EVENT]};
    running_names_.push_back(name);
    running_.push_back(gauges(shard, view.alerts));
    now_[name] = totals;
    begin_.emplace(name, totals);
  }
}

}  // namespace fanfare
