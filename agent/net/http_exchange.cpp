// SPDX-License-Identifier: Apache-2.0
#include "agent/net/http_exchange.h"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

namespace fanfare {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::response_parser<http::buffer_body>;

constexpr std::size_t piece = 16384;

// One step of the parser, with bytes that are there or come, as http::async_read_some does it; that
// would be compiled once for each kind of stream and of body.
net::awaitable<error_code> parse_some(Connection& connection, Parser& parser,
                                      beast::flat_buffer& buffer) {
  for (;;) {
    error_code error;
    if (buffer.size() > 0) {
      buffer.consume(parser.put(buffer.data(), error));
      if (error != http::error::need_more) co_return error;
    }
    const std::size_t room = buffer.max_size() - buffer.size();
    if (room == 0) co_return http::error::buffer_overflow;
    const auto into = buffer.prepare(std::min(room, piece));
    const Moved got = co_await connection.read(into);
    buffer.commit(got.bytes);
    if (got.error == net::error::eof) {
      error = {};
      if (!parser.got_some()) co_return http::error::end_of_stream;
      parser.put_eof(error);
      co_return error;
    }
    if (got.error) co_return got.error;
  }
}

}  // namespace

std::string HttpRequest::text() const {
  std::string text = method + " " + target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : fields)
    text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

net::awaitable<HttpTrouble> exchange_http(Connection& connection, std::string request,
                                          const HttpTaker& taker) {
  for (std::size_t at = 0; at < request.size();) {
    const Moved put =
        co_await connection.write(net::const_buffer(request.data() + at, request.size() - at));
    if (put.error) co_return HttpTrouble{HttpTrouble::sending, put.error};
    at += put.bytes;
  }
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(taker.header_limit));
  if (taker.body_limit)
    parser.body_limit(*taker.body_limit);
  else
    parser.body_limit(boost::none);
  parser.eager(false);
  beast::flat_buffer buffer(taker.header_limit + piece);
  while (!parser.is_header_done()) {
    const error_code headless = co_await parse_some(connection, parser, buffer);
    if (headless) co_return HttpTrouble{HttpTrouble::waiting, headless};
  }
  taker.begin(parser.get().result_int());
  std::array<char, piece> bytes{};
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = bytes.data();
    body.size = bytes.size();
    const error_code cut = co_await parse_some(connection, parser, buffer);
    const std::size_t taken = bytes.size() - body.size;
    if (taken > 0 && !taker.body({bytes.data(), taken})) break;
    if (cut && cut != http::error::need_buffer) co_return HttpTrouble{HttpTrouble::reading, cut};
  }
  co_return HttpTrouble{};
}

}  // namespace fanfare
