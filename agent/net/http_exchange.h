// SPDX-License-Identifier: Apache-2.0
// One request and its answer over a connection, bounded in what the other end can make us hold.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/net/connection.h"

namespace fanfare {

struct HttpRequest {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> fields;  // none of which holds an end of line
  std::string body{};  // its length is told where it is not empty
  std::string text() const;
};

struct HttpTaker {
  std::size_t header_limit;
  std::optional<std::size_t> body_limit;  // past it: http::error::body_limit
  std::function<void(unsigned status)> begin;
  std::function<bool(std::string_view)> body;  // false: nothing more is wanted
};

// What was being done when it went wrong; without an error all went well, or was no more wanted.
struct HttpTrouble {
  enum Step { sending, waiting, reading } step = sending;
  boost::system::error_code error{};
};

// `connection` and `taker` outlive it.
boost::asio::awaitable<HttpTrouble> exchange_http(Connection& connection, std::string request,
                                                  const HttpTaker& taker);

}  // namespace fanfare
