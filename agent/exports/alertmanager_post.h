// SPDX-License-Identifier: Apache-2.0
// One POST to one Alertmanager, over TCP or TLS. Bounded in time and in what the other end can make
// us read.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/exports/alertmanager_url.h"
#include "agent/net/connection.h"

namespace fanfare {

// The way to one Alertmanager, and what is remembered of it from post to post.
struct AlertmanagerWay {
  AlertmanagerUrl url;
  std::chrono::milliseconds timeout{};
  // Of the last look-up that succeeded: the resolver may be part of an outage.
  std::vector<boost::asio::ip::tcp::endpoint> endpoints{};
  // While a post is on its way; closing it ends the post.
  std::shared_ptr<Connection> connection{};
};

// Empty if the alerts were taken (a status 2xx), else why not: one printable line. Names are looked
// up on Asio's resolver thread; one whose look-up hangs can hold up the look-ups of others by as
// long as the system's resolver waits, addresses are not held up.
boost::asio::awaitable<std::string> post_alerts(std::shared_ptr<AlertmanagerWay> way,
                                                std::shared_ptr<const std::string> body);

}  // namespace fanfare
