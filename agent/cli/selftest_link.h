// SPDX-License-Identifier: Apache-2.0
// Both ends of one TCP connection over the loopback, driven from one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

#include "agent/cli/selftest_traffic.h"

namespace fanfare {

class SelftestLink {
 public:
  // Listens on a free port of `address`, connects, accepts. Throws boost::system::system_error.
  explicit SelftestLink(const boost::asio::ip::address& address);

  // Sends both directions of the turn at once and returns when the other ends have read them.
  // Throws boost::system::system_error, with errc::timed_out when nothing moves any more.
  void exchange(const Turn& turn);

  // SO_COOKIE of the accepted socket: the name under which the agent counts it.
  std::uint64_t cookie();

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor listener_;
  boost::asio::ip::tcp::socket client_;
  boost::asio::ip::tcp::socket server_;
};

}  // namespace fanfare
