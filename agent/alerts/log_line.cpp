// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/log_line.h"

#include <fmt/format.h>

#include "agent/config/text.h"

namespace fanfare {

std::string log_line(const Alert& alert) {
  std::string line =
      fmt::format("{} {} ({})", alert.name, state_name(alert), severity_name(alert.severity));
  if (!alert.shard.empty()) line += fmt::format(", shard {}", escaped(alert.shard));
  if (!alert.peer.empty()) line += fmt::format(", peer {}", escaped(alert.peer));
  if (!alert.step.empty()) line += fmt::format(", step {}", alert.step);
  line += fmt::format(": {} {}", alert.summary, alert.why);
  if (alert.stale) line += fmt::format(" It cannot be judged at present: {}.", alert.missing);
  if (!alert.ended_by.empty()) line += " Ended without a proof of recovery: " + alert.ended_by;
  if (alert.state == AlertState::firing) line += ' ' + alert.next;
  return line;
}

}  // namespace fanfare
