// SPDX-License-Identifier: Apache-2.0
// One GET to the API server, over TLS that is verified. Bounded in time and in what the other end
// can make us hold.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/net/connection.h"
#include "agent/pods/pod_api.h"

namespace fanfare {

// The way to the server, and what is remembered of it from request to request.
struct PodApiWay {
  PodApi api;
  std::chrono::milliseconds timeout{};  // to connect, TLS included; and for an answer that ends
  // Of the last look-up that succeeded: the resolver may be part of an outage.
  std::vector<boost::asio::ip::tcp::endpoint> endpoints{};
  // While a request is on its way; closing it ends the request.
  std::shared_ptr<Connection> connection{};
};

// Takes an answer of status 200 line by line, as it comes.
struct LineTaker {
  std::function<void()> begun;
  std::function<bool(std::string_view)> line;  // false: nothing more is wanted
  std::chrono::milliseconds timeout{};         // for all of it
};

struct PodReply {
  unsigned status = 0;    // 0: there was no answer
  std::string body{};     // all of it, but for lines that were taken
  std::string error{};    // why there is no answer or only half of one: one printable line
  bool too_long = false;  // the answer, or a line of it
  bool unwanted = false;  // `line` said so
};

// `target`: path and query below the server's base. `lines`: nullptr for an answer in one piece.
boost::asio::awaitable<PodReply> ask_pod_api(std::shared_ptr<PodApiWay> way, std::string target,
                                             std::shared_ptr<const LineTaker> lines);

}  // namespace fanfare
