// SPDX-License-Identifier: Apache-2.0
// "ADDR:PORT" as a bound and listening TCP acceptor, or a StartError that says what to do.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace fanfare {

// IPv4 or "[IPv6]"; port 0 lets the kernel choose.
boost::asio::ip::tcp::endpoint parse_listen_address(const std::string& text);

boost::asio::ip::tcp::acceptor listen_on(boost::asio::io_context& context, const std::string& text);

}  // namespace fanfare
