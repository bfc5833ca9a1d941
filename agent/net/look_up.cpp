// SPDX-License-Identifier: Apache-2.0
#include "agent/net/look_up.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace fanfare {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

struct Lookup {
  explicit Lookup(const net::any_io_executor& executor) : resolver(executor), patience(executor) {}
  net::ip::tcp::resolver resolver;
  net::steady_timer patience;
  LookedUp found{net::error::timed_out, {}};
};

}  // namespace

// A look-up cannot be cancelled once it runs; the caller goes on without it and its late result
// goes nowhere.
net::awaitable<LookedUp> look_up(std::string host, std::string port,
                                 std::chrono::milliseconds patience) {
  error_code no_address;
  const auto address = net::ip::make_address(host, no_address);
  if (!no_address) {
    LookedUp found;
    found.endpoints.emplace_back(address, static_cast<net::ip::port_type>(std::stoul(port)));
    co_return found;
  }
  const auto lookup = std::make_shared<Lookup>(co_await net::this_coro::executor);
  lookup->patience.expires_after(patience);
  lookup->resolver.async_resolve(
      host, port,
      [lookup](const error_code& error, const net::ip::tcp::resolver::results_type& results) {
        lookup->found.error = error;
        for (const auto& result : results) lookup->found.endpoints.push_back(result.endpoint());
        lookup->patience.cancel();
      });
  co_await lookup->patience.async_wait(net::as_tuple(net::use_awaitable));
  co_return lookup->found;
}

}  // namespace fanfare
