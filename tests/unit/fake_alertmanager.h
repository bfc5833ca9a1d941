// SPDX-License-Identifier: Apache-2.0
// The receiving side of POST /api/v2/alerts on loopback, as well or as badly behaved as a test
// wants it. Lives on the test's io_context.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/parse.hpp>
#include <memory>
#include <string>
#include <vector>

namespace fanfare::fake {

namespace net = boost::asio;
namespace http = boost::beast::http;
using Request = http::request<http::string_body>;
inline constexpr auto quietly = net::as_tuple(net::use_awaitable);

inline const std::string accepted =
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

class Alertmanager {
 public:
  enum class Manner { answers, hangs, closes };

  explicit Alertmanager(net::io_context& context)
      : acceptor_(context, {net::ip::address_v4::loopback(), 0}) {
    net::co_spawn(context, accept_all(), net::detached);
  }

  std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  std::string url() const { return "http://" + address(); }
  boost::json::array last() const { return boost::json::parse(requests.back().body()).as_array(); }

  Manner manner = Manner::answers;
  std::string answer = accepted;
  std::vector<Request> requests;
  std::size_t at_once = 0;  // the most that were open together
  std::size_t ended = 0;    // connections that the other end has closed, or we have

 private:
  net::awaitable<void> accept_all() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(quietly);
      if (error) co_return;
      net::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), net::detached);
    }
  }

  net::awaitable<void> serve(net::ip::tcp::socket socket) {
    at_once = std::max(at_once, ++open_);
    boost::beast::flat_buffer buffer;
    http::request_parser<http::string_body> parser;
    parser.body_limit(16 << 20);
    if (manner != Manner::closes) {
      const auto [unread, got] = co_await http::async_read(socket, buffer, parser, quietly);
      if (!unread) {
        requests.push_back(parser.release());
        if (manner == Manner::answers)
          co_await net::async_write(socket, net::buffer(answer), quietly);
        char byte = 0;
        if (manner == Manner::hangs)  // until the other end has had enough
          co_await socket.async_read_some(net::buffer(&byte, 1), quietly);
      }
    }
    --open_;
    ++ended;
  }

  net::ip::tcp::acceptor acceptor_;
  std::size_t open_ = 0;
};

// A port on loopback that nobody listens on.
inline std::string refusing_url(net::io_context& context) {
  net::ip::tcp::acceptor acceptor(context, {net::ip::address_v4::loopback(), 0}, false);
  return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
}

}  // namespace fanfare::fake
