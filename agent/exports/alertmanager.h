// SPDX-License-Identifier: Apache-2.0
// Tells every Alertmanager of a list what fires (API v2, POST /api/v2/alerts). Each has its own
// pace: one that is dead, slow or refuses delays neither the ticks nor the others.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/alerts/alert.h"
#include "agent/exports/alertmanager_alerts.h"
#include "agent/exports/view.h"

namespace boost::asio {
class io_context;
}

namespace fanfare {

struct PosterOptions {
  // For a connection to be made, its TLS included, and again for the answer.
  std::chrono::milliseconds timeout{5000};
  // What is known is told again, also that nothing fires: a target that cannot be reached is known
  // before it is needed.
  std::chrono::seconds refresh{30};
  // After a failure, from attempt to attempt: doubled up to the last. A change is tried at once,
  // and begins with the first again.
  std::chrono::seconds first_pause{1};
  std::chrono::seconds last_pause{60};
};

// Not thread-safe: lives on the thread that runs `context`. Destroy it before the context.
class AlertPoster {
 public:
  // URLs as in the configuration; one that cannot be used is shown by views() with the reason.
  AlertPoster(boost::asio::io_context& context, const std::vector<std::string>& urls,
              const PosterOptions& options = {});
  ~AlertPoster();
  AlertPoster(const AlertPoster&) = delete;
  AlertPoster& operator=(const AlertPoster&) = delete;

  // Each tick, with all alerts of the board, worst first. Returns at once, throws nothing. Only the
  // latest set is ever posted; nothing is queued.
  void post(const std::vector<Alert>& alerts, const AlertOrigin& origin, Monotonic now, Wall wall);

  // Takes over another list: targets that stay go on as they are.
  void set_targets(const std::vector<std::string>& urls);

  // One for each target, in the order of the list; as of the last post().
  std::vector<AlertmanagerView> views(Monotonic now) const;

 private:
  struct Target;
  void settle(Target& target, Monotonic now);
  bool is_due(const Target& target, Monotonic now) const;
  void send(const std::shared_ptr<Target>& target, const std::shared_ptr<const std::string>& body,
            Monotonic now);

  boost::asio::io_context& context_;
  PosterOptions options_;
  AlertSet alerts_;
  std::vector<std::shared_ptr<Target>> targets_;
};

}  // namespace fanfare
