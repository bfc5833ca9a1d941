// SPDX-License-Identifier: Apache-2.0
// From a host's name to its addresses, within a time limit.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace fanfare {

struct LookedUp {
  boost::system::error_code error{};
  std::vector<boost::asio::ip::tcp::endpoint> endpoints{};
};

// `host`: a name or an address, IPv6 without brackets; `port`: 1..65535. An address costs nothing.
// Names are looked up on Asio's resolver thread; one whose look-up hangs can hold up the look-ups
// of others by as long as the system's resolver waits.
boost::asio::awaitable<LookedUp> look_up(std::string host, std::string port,
                                         std::chrono::milliseconds patience);

}  // namespace fanfare
