// SPDX-License-Identifier: Apache-2.0
#include "agent/alert_log.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "agent/alerts/log_line.h"

namespace fanfare {
namespace {

spdlog::level::level_enum level_of(const Alert& alert) {
  if (alert.state == AlertState::resolved) return spdlog::level::info;
  return alert.severity == Severity::critical ? spdlog::level::critical : spdlog::level::warn;
}

}  // namespace

bool AlertLog::note(const std::vector<Alert>& alerts) {
  std::map<Key, std::pair<std::string_view, Severity>> seen;
  bool changed = false;
  for (const Alert& alert : alerts) {
    if (alert.state == AlertState::pending) continue;
    const Key key{alert.name, alert.shard, alert.peer};
    const std::pair now{state_name(alert), alert.severity};
    seen.emplace(key, now);
    const auto before = noted_.find(key);
    if (before != noted_.end() && before->second == now) continue;
    changed = true;
    spdlog::log(level_of(alert), "{}", log_line(alert));
  }
  noted_ = std::move(seen);
  return changed;
}

}  // namespace fanfare
