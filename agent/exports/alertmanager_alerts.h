// SPDX-License-Identifier: Apache-2.0
// The set of alerts that Alertmanagers are told, as the body of POST /api/v2/alerts. Alertmanager
// knows an alert by its labels, so one whose labels change (its severity rises, the node is
// renamed) is ended under the old ones. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/alerts/alert.h"

namespace fanfare {

struct AlertOrigin {
  std::string cluster;
  std::string node;
};

// Told with every alert that fires: with a refresh each 30 s, seven may fail before Alertmanager
// takes it for resolved. An agent that dies is resolved after it, see FanfareAgentDiedFiring.
inline constexpr std::chrono::minutes alert_lifetime{4};
inline constexpr std::size_t alerts_in_body = 1000;

class AlertSet {
 public:
  // `alerts` worst first; pending ones are told nobody.
  void take(const std::vector<Alert>& alerts, const AlertOrigin& origin, Monotonic now, Wall wall);

  // Grows when something has begun or ceased to fire, not when only texts or times change.
  std::uint64_t revision() const { return revision_; }

  // JSON; what fires goes first where there are more than `alerts_in_body`.
  std::string body(Wall wall) const;

 private:
  enum class Fate { firing, resolved, dropped };  // dropped: no alert has these labels any more

  struct Told {
    std::size_t rank = 0;  // place in the list, worst first
    std::string summary;
    std::string description;
    bool stale = false;  // fires, and cannot be judged
    Wall started{};
    Fate fate = Fate::firing;
    Wall ended{};         // not while it fires
    Monotonic dropped{};  // dropped only
  };

  void keep_dropped(std::map<std::string, Told>& fresh, Monotonic now, Wall wall) const;

  std::map<std::string, Told> told_;  // by labels, as JSON
  std::uint64_t revision_ = 0;
};

}  // namespace fanfare
