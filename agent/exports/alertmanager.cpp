// SPDX-License-Identifier: Apache-2.0
// When to post to whom. What is posted stands in alertmanager_alerts.cpp, how in
// alertmanager_post.cpp.
#include "agent/exports/alertmanager.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "agent/exports/alertmanager_post.h"

namespace fanfare {
namespace {

namespace net = boost::asio;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

struct AlertPoster::Target {
  std::string text;                      // as configured, a secret
  std::shared_ptr<AlertmanagerWay> way;  // null where the URL cannot be used
  AlertmanagerView view;
  bool in_flight = false;
  std::optional<std::string> outcome;  // of the post that ended since the last tick: its error
  std::optional<Monotonic> tried;
  std::optional<Monotonic> taken;
  std::optional<std::uint64_t> tried_revision;
  std::chrono::seconds pause{0};  // 0 while posts are taken
};

AlertPoster::AlertPoster(net::io_context& context, const std::vector<std::string>& urls,
                         const PosterOptions& options)
    : context_(context), options_(options) {
  set_targets(urls);
}

AlertPoster::~AlertPoster() { set_targets({}); }

void AlertPoster::set_targets(const std::vector<std::string>& urls) {
  std::vector<std::shared_ptr<Target>> fresh;
  for (const std::string& url : urls) {
    const auto known = std::ranges::find(targets_, url, &Target::text);
    if (known != targets_.end()) {
      fresh.push_back(*known);
      continue;
    }
    auto target = std::make_shared<Target>();
    target->text = url;
    if (const auto parsed = parse_alertmanager_url(url)) {
      target->way = std::make_shared<AlertmanagerWay>(AlertmanagerWay{*parsed, options_.timeout});
      target->view.url = parsed->shown;
    } else {
      target->view.reachable = false;
      target->view.error = "not the http or https URL of an Alertmanager";
    }
    fresh.push_back(std::move(target));
  }
  targets_.swap(fresh);
  for (const auto& old : fresh) {
    const bool stays = std::ranges::find(targets_, old) != targets_.end();
    if (!stays && old->way && old->way->connection) old->way->connection->close();
  }
}

// Takes note of how the last post went. Here, so that the time of the tick counts.
void AlertPoster::settle(Target& target, Monotonic now) {
  AlertmanagerView& view = target.view;
  if (!target.outcome) return;
  view.error = std::move(*target.outcome);
  target.outcome.reset();
  const bool taken = view.error.empty();
  if (taken) {
    ++view.posts;
    target.taken = now;
    target.pause = std::chrono::seconds{0};
  } else {
    ++view.failures;
    target.pause = std::clamp(target.pause * 2, options_.first_pause, options_.last_pause);
  }
  if (taken && !view.reachable) spdlog::info("alerts reach {} again", view.url);
  if (!taken && view.reachable) spdlog::error("alerts do not reach {}: {}", view.url, view.error);
  view.reachable = taken;
}

bool AlertPoster::is_due(const Target& target, Monotonic now) const {
  if (!target.way || target.in_flight) return false;
  if (!target.tried || target.tried_revision != alerts_.revision()) return true;
  const auto pause = target.pause.count() > 0 ? target.pause : options_.refresh;
  return now - *target.tried >= pause;
}

void AlertPoster::send(const std::shared_ptr<Target>& target,
                       const std::shared_ptr<const std::string>& body, Monotonic now) {
  if (target->tried_revision != alerts_.revision()) target->pause = std::chrono::seconds{0};
  target->in_flight = true;
  target->tried = now;
  target->tried_revision = alerts_.revision();
  net::co_spawn(context_, post_alerts(target->way, body),
                [target](const std::exception_ptr& failed, std::string error) {
                  target->in_flight = false;
                  target->way->connection.reset();
                  target->outcome = failed ? "the post could not be made" : std::move(error);
                });
}

void AlertPoster::post(const std::vector<Alert>& alerts, const AlertOrigin& origin, Monotonic now,
                       Wall wall) try {
  alerts_.take(alerts, origin, now, wall);
  std::shared_ptr<const std::string> body;
  for (const auto& target : targets_) {
    settle(*target, now);
    if (!is_due(*target, now)) continue;
    if (!body) body = std::make_shared<const std::string>(alerts_.body(wall));
    send(target, body, now);
  }
} catch (const std::exception& error) {
  spdlog::error("alerts could not be posted: {}", error.what());
}

std::vector<AlertmanagerView> AlertPoster::views(Monotonic now) const {
  std::vector<AlertmanagerView> views;
  for (const auto& target : targets_) {
    AlertmanagerView& view = views.emplace_back(target->view);
    const std::optional<Monotonic> taken = target->taken;
    if (taken) view.last_post_seconds = seconds(now - *taken);
  }
  return views;
}

}  // namespace fanfare
