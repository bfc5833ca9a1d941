// SPDX-License-Identifier: Apache-2.0
// Written as text, point by point: a tree of 11,520 points would take many times its text.
#include "agent/exports/history_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/value.hpp>
#include <cmath>
#include <iterator>
#include <set>

#include "agent/exports/findings.h"
#include "agent/exports/history.h"
#include "agent/exports/json_figures.h"
#include "agent/exports/json_text.h"
#include "agent/exports/label_text.h"

namespace fanfare {
namespace {

void add_figure(std::string& text, std::string_view key, float figure) {
  if (std::isfinite(figure))
    fmt::format_to(std::back_inserter(text), R"(,"{}":{})", key, thousandths(figure));
  else
    fmt::format_to(std::back_inserter(text), R"(,"{}":null)", key);
}

void add_point(std::string& text, std::int64_t at, const HistoryPoint& point) {
  fmt::format_to(std::back_inserter(text), R"({{"at":{})", at);
  add_figure(text, "events_out", point.events_out);
  add_figure(text, "events_in", point.events_in);
  fmt::format_to(std::back_inserter(text), R"(,"synced":{},"unsynced":{})", point.synced,
                 point.unsynced);
  add_figure(text, "coverage", point.coverage);
  add_figure(text, "reach", point.reach);
  add_figure(text, "reach_normal", point.reach_normal);
  add_figure(text, "copies", point.copies);
  add_figure(text, "copies_normal", point.copies_normal);
  add_figure(text, "replication", point.replication);
  add_figure(text, "evidence", point.evidence);
  fmt::format_to(std::back_inserter(text), R"(,"firing":{}}})", point.firing);
}

// Null where the shard was not there.
const HistoryPoint* point_of(const HistoryStep& step, const std::string& name) {
  const auto& names = *step.shards;
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? nullptr : &step.points[found - names.begin()];
}

void add_shard(std::string& text, const Timeline& timeline, const std::string& name) {
  text += R"({"shard":)" + json_text(boost::json::value(label_text(name))) + R"(,"points":[)";
  bool first = true;
  for (const auto& step : timeline.steps) {
    const HistoryPoint* point = point_of(*step, name);
    if (point == nullptr) continue;
    if (!std::exchange(first, false)) text += ',';
    add_point(text, timeline.ended(*step), *point);
  }
  text += "]}";
}

std::set<std::string> shards_of(const View& view, const Timeline& timeline) {
  std::set<std::string> names;
  for (const ShardView& shard : view.shards) names.insert(shard.shard.name);
  const std::vector<std::string>* last = nullptr;
  for (const auto& step : timeline.steps) {
    if (step->shards.get() != last) names.insert(step->shards->begin(), step->shards->end());
    last = step->shards.get();
  }
  return names;
}

}  // namespace

std::string history_json(const View& view, Monotonic now, const std::optional<std::string>& shard) {
  const Timeline none;
  const Timeline& timeline = view.history ? *view.history : none;
  std::set<std::string> names = shards_of(view, timeline);
  if (shard) std::erase_if(names, [&](const auto& name) { return label_text(name) != *shard; });
  const std::size_t shown = std::min(names.size(), history_shards_shown);

  const auto age = snapshot_age(view, now).value_or(Monotonic{0});
  const auto unix = std::chrono::floor<std::chrono::seconds>(
      view.taken.time_since_epoch() + std::chrono::duration_cast<Wall::duration>(age));
  std::string text =
      fmt::format(R"({{"step_seconds":{},"now_seconds":{},"shards_left_out":{},"shards":[)",
                  history_step.count(), unix.count(), names.size() - shown);
  std::size_t written = 0;
  for (const std::string& name : names) {
    if (written == shown) break;
    if (written++ > 0) text += ",\n";
    add_shard(text, timeline, name);
  }
  return text + "]}\n";
}

}  // namespace fanfare
