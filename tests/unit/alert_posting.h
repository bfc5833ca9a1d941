// SPDX-License-Identifier: Apache-2.0
// Alerts to post, and a poster that ticks; shared by the tests of the posting.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "agent/exports/alertmanager.h"

namespace fanfare::sample {

namespace net = boost::asio;
using namespace std::chrono_literals;

inline Alert firing() {
  return {.name = "FanfareReachLoss",
          .shard = "chat-1",
          .peer = "",
          .severity = Severity::critical,
          .state = AlertState::firing,
          .since = 0s,
          .started = Wall(1700000000s),
          .ended = {},
          .step = "broadcast",
          .summary = "Clients miss messages.",
          .why = "31.3 % reached a client.",
          .next = "Roll back.",
          .value = 0.68};
}

inline Alert resolved() {
  Alert alert = firing();
  alert.state = AlertState::resolved;
  alert.ended = Wall(1700000100s);
  return alert;
}

// A poster whose ticks are a second apart, however short they are here: between two of them runs
// what can run. Server and poster share a thread, so 3 ms of silence are the end of it.
struct Posting {
  Posting(net::io_context& on, const std::vector<std::string>& urls,
          std::chrono::milliseconds timeout = 5s)
      : context(on), poster(on, urls, {.timeout = timeout}) {}

  void tick(const std::vector<Alert>& alerts) {
    now += 1s;
    wall += 1s;
    poster.post(alerts, origin, now, wall);
    run();
  }
  void tick(int times, const std::vector<Alert>& alerts) {
    for (int i = 0; i < times; ++i) tick(alerts);
  }
  void run(std::chrono::milliseconds silence = 3ms) {
    context.restart();
    // What is ready runs also where this thread has waited longer for its CPU than `silence`.
    while (context.poll_one() > 0 || context.run_one_for(silence) > 0) {
    }
  }
  AlertmanagerView view(std::size_t i = 0) const { return poster.views(now).at(i); }

  net::io_context& context;
  AlertOrigin origin{"eu", "n1"};
  Monotonic now = 1000s;
  Wall wall{1700000200s};
  AlertPoster poster;
};

}  // namespace fanfare::sample
