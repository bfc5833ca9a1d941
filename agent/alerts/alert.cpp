// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/alert.h"

namespace fanfare {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "critical";
    case Severity::warning:
      return "warning";
    case Severity::info:
      break;
  }
  return "info";
}

std::string_view state_name(AlertState state) {
  switch (state) {
    case AlertState::pending:
      return "pending";
    case AlertState::firing:
      return "firing";
    case AlertState::resolved:
      break;
  }
  return "resolved";
}

std::string_view state_name(const Alert& alert) {
  return alert.state == AlertState::firing && alert.stale ? "stale" : state_name(alert.state);
}

}  // namespace fanfare
