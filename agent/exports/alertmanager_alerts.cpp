// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/alertmanager_alerts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "agent/alerts/machine.h"
#include "agent/exports/label_text.h"

namespace fanfare {
namespace {

namespace json = boost::json;

// RFC 3339 with milliseconds, UTC.
std::string time_text(Wall at) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(at);
  const auto second = std::chrono::floor<std::chrono::seconds>(ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(second)),
                     (ms - second).count());
}

// Alertmanager drops labels with an empty value; they are left out here, so that what is compared
// is what it compares.
std::string labels_of(const Alert& alert, const AlertOrigin& origin) {
  json::object labels;
  const auto add = [&](const char* name, std::string_view value) {
    if (!value.empty()) labels[name] = label_text(value);
  };
  add("alertname", alert.name);
  add("cluster", origin.cluster);
  add("node", origin.node);
  add("peer", alert.peer);
  add("severity", severity_name(alert.severity));
  add("shard", alert.shard);
  add("source", "agent");
  add("step", alert.step);
  return json::serialize(labels);
}

json::object annotations_of(const std::string& summary, const std::string& description,
                            bool stale) {
  json::object annotations{{"summary", summary}, {"description", description}};
  if (stale) annotations["stale"] = "true";
  return annotations;
}

}  // namespace

// What was told and is no longer among the alerts: ended, and told so for a while.
void AlertSet::keep_dropped(std::map<std::string, Told>& fresh, Monotonic now, Wall wall) const {
  std::size_t kept = 0;
  for (const auto& [labels, told] : told_) {
    if (fresh.contains(labels) || told.fate == Fate::resolved || kept == alerts_in_body) continue;
    Told over = told;
    if (told.fate == Fate::firing) {
      over.fate = Fate::dropped;
      over.ended = wall;
      over.dropped = now;
    }
    if (now - over.dropped >= resolved_kept) continue;
    fresh.emplace(labels, std::move(over));
    ++kept;
  }
}

void AlertSet::take(const std::vector<Alert>& alerts, const AlertOrigin& origin, Monotonic now,
                    Wall wall) {
  std::map<std::string, Told> fresh;
  for (const Alert& alert : alerts) {
    if (alert.state == AlertState::pending) continue;
    Told told{.rank = fresh.size(),
              .summary = label_text(fmt::format("{}: {}", origin.node, alert.summary)),
              .description = label_text(fmt::format("{} {}", alert.why, alert.next)),
              .started = std::min(alert.started, wall)};
    if (alert.stale)
      told.description +=
          label_text(fmt::format(" It cannot be judged at present: {}.", alert.missing));
    if (!alert.ended_by.empty())
      told.description += label_text(" Ended without a proof of recovery: " + alert.ended_by);
    told.stale = alert.stale;
    if (alert.state == AlertState::resolved) {
      told.fate = Fate::resolved;
      told.ended = std::max(alert.ended, told.started);
    }
    fresh.emplace(labels_of(alert, origin), std::move(told));
  }
  keep_dropped(fresh, now, wall);
  const bool same = std::ranges::equal(fresh, told_, [](const auto& a, const auto& b) {
    return a.first == b.first && (a.second.fate == Fate::firing) == (b.second.fate == Fate::firing);
  });
  revision_ += same ? 0 : 1;
  told_ = std::move(fresh);
}

std::string AlertSet::body(Wall wall) const {
  using Entry = std::pair<const std::string, Told>;
  std::vector<const Entry*> entries;
  entries.reserve(told_.size());
  for (const Entry& entry : told_) entries.push_back(&entry);
  std::ranges::stable_sort(entries, {}, [](const Entry* entry) {
    return std::pair(entry->second.fate != Fate::firing, entry->second.rank);
  });
  entries.resize(std::min(entries.size(), alerts_in_body));
  json::array body;
  for (const Entry* entry : entries) {
    const auto& [labels, told] = *entry;
    body.push_back(
        {{"labels", json::parse(labels)},
         {"annotations", annotations_of(told.summary, told.description, told.stale)},
         {"startsAt", time_text(told.started)},
         {"endsAt", time_text(told.fate == Fate::firing ? wall + alert_lifetime : told.ended)}});
  }
  return json::serialize(body);
}

}  // namespace fanfare
