// SPDX-License-Identifier: Apache-2.0
// Opens the TCP side and turns the kernel's refusals into sentences.
#include "agent/exports/listen_address.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "agent/config/codes.h"
#include "agent/config/start_error.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
using net::ip::tcp;

[[noreturn]] void refuse_text(const std::string& text, std::string_view why) {
  throw StartError(fmt::format("listen address \"{}\" {}", text, why),
                   "give --listen ADDR:PORT, such as 127.0.0.1:9477 or [::1]:9477", exit_usage);
}

std::uint16_t parse_port(const std::string& text, std::string_view digits) {
  std::uint16_t port = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port);
  if (error != std::errc{} || stop != end) {
    refuse_text(text, "has no port between 0 and 65535");
  }
  return port;
}

[[noreturn]] void refuse_endpoint(const std::string& text, const boost::system::error_code& error) {
  const std::string remedy = "give --listen ADDR:PORT";
  if (error == net::error::address_in_use) {
    throw StartError(text + " is in use (by another agent?)", remedy, exit_usage, code::listen);
  }
  if (error == net::error::access_denied) {
    throw StartError(text + " may not be bound by this user",
                     "give --listen ADDR:PORT with a port above 1023, or run as root", exit_kernel,
                     code::listen);
  }
  if (error == boost::system::errc::address_not_available) {
    throw StartError(text + " is not an address of this host", remedy, exit_usage, code::listen);
  }
  throw StartError(fmt::format("cannot listen on {}: {}", text, error.message()), remedy,
                   exit_usage, code::listen);
}

}  // namespace

tcp::endpoint parse_listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    refuse_text(text, "has no port");
  }
  std::string host = text.substr(0, colon);
  const bool bracketed = host.size() > 1 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  boost::system::error_code error;
  const net::ip::address address = net::ip::make_address(host, error);
  if (error || address.is_v6() != bracketed) {
    refuse_text(text, "holds no IP address (names are not resolved; IPv6 stands in brackets)");
  }
  return {address, parse_port(text, std::string_view(text).substr(colon + 1))};
}

tcp::acceptor listen_on(net::io_context& context, const std::string& text) {
  const tcp::endpoint endpoint = parse_listen_address(text);
  tcp::acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    acceptor.set_option(net::socket_base::reuse_address(true), error);  // past TIME_WAIT only
  }
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(net::socket_base::max_listen_connections, error);
  }
  if (error) {
    refuse_endpoint(text, error);
  }
  return acceptor;
}

}  // namespace fanfare
