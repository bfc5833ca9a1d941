// SPDX-License-Identifier: Apache-2.0
// The answer after which the server closes.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstddef>

#include "agent/exports/respond.h"

namespace fanfare {

inline constexpr std::chrono::milliseconds linger{1000};
inline constexpr std::size_t linger_bytes = 65536;

// Reads on for a moment: closing with unread bytes would reset the connection and the word with it.
// `stream` is a beast::basic_stream; both together take no longer than `timeout` or a second.
template <class Stream>
boost::asio::awaitable<void> say_and_close(Stream& stream, std::chrono::milliseconds timeout,
                                           Response response) {
  constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
  stream.expires_after(std::min(timeout, linger));
  const auto [failed, sent] = co_await boost::beast::http::async_write(stream, response, quietly);
  if (failed) {
    co_return;
  }
  boost::system::error_code ignored;
  stream.socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
  std::array<char, 4096> bin{};
  for (std::size_t total = 0; total < linger_bytes;) {
    const auto [ended, count] = co_await stream.async_read_some(boost::asio::buffer(bin), quietly);
    if (ended) {
      co_return;
    }
    total += count;
  }
}

}  // namespace fanfare
