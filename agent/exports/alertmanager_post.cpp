// SPDX-License-Identifier: Apache-2.0
// Look up, connect, TLS if asked for, write, read. A connection for each post: they are 30 s apart.
#include "agent/exports/alertmanager_post.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <utility>

#include "agent/config/text.h"
#include "agent/net/look_up.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using Endpoints = std::vector<net::ip::tcp::endpoint>;
using Request = http::request<http::string_body>;

constexpr std::size_t header_limit = 8192;
constexpr std::size_t body_limit = 65536;
constexpr std::size_t shown_body = 200;

// Results as a tuple that begins with the error: a refused connection is no exception.
constexpr auto quietly = net::as_tuple(net::use_awaitable);

std::string sentence(const AlertmanagerWay& way, const char* doing, const error_code& error) {
  if (error == beast::error::timeout || error == net::error::timed_out)
    return fmt::format("{}: no answer within {} s", doing,
                       std::chrono::duration<double>(way.timeout).count());
  return fmt::format("{}: {}", doing, escaped(error.message()));
}

net::awaitable<error_code> find_endpoints(std::shared_ptr<AlertmanagerWay> way) {
  const LookedUp found = co_await look_up(way->url.host, way->url.port, way->timeout);
  if (!found.error) way->endpoints = found.endpoints;
  co_return way->endpoints.empty() ? found.error : error_code{};
}

// "HTTP 400: ..." with the beginning of what the other end says.
std::string refusal(unsigned status, std::string_view body) {
  std::string text = fmt::format("HTTP {}", status);
  std::string_view rest = body.substr(0, shown_body);
  while (!rest.empty() && (rest.back() == '\n' || rest.back() == ' ')) rest.remove_suffix(1);
  if (!rest.empty()) text += ": ";
  for (std::size_t at = 0; at < rest.size(); at += 40) text += escaped(rest.substr(at, 40));
  return text;
}

template <class Stream>
net::awaitable<std::string> exchange(std::shared_ptr<AlertmanagerWay> way, Stream& stream,
                                     const Request& request) {
  beast::get_lowest_layer(stream).expires_after(way->timeout);
  const auto [unsent, put] = co_await http::async_write(stream, request, quietly);
  if (unsent) co_return sentence(*way, "sending", unsent);
  http::response_parser<http::string_body> parser;
  parser.header_limit(header_limit);
  parser.body_limit(body_limit);
  beast::flat_buffer buffer(header_limit + body_limit);
  const auto [unread, got] = co_await http::async_read(stream, buffer, parser, quietly);
  if (unread) co_return sentence(*way, "waiting for the answer", unread);
  const auto& response = parser.get();
  if (http::to_status_class(response.result()) == http::status_class::successful)
    co_return std::string{};
  co_return refusal(response.result_int(), response.body());
}

// The system's certificate authorities, read anew for each post so that a renewed bundle counts.
net::awaitable<std::string> exchange_tls(std::shared_ptr<AlertmanagerWay> way,
                                         const Request& request) {
  error_code error;
  ssl::context context(ssl::context::tls_client);
  context.set_default_verify_paths(error);
  beast::ssl_stream<beast::tcp_stream&> stream(*way->stream, context);
  stream.set_verify_mode(ssl::verify_peer, error);
  stream.set_verify_callback(ssl::host_name_verification(way->url.host), error);
  net::ip::make_address(way->url.host, error);
  if (error) SSL_set_tlsext_host_name(stream.native_handle(), way->url.host.c_str());
  const auto [refused] = co_await stream.async_handshake(ssl::stream_base::client, quietly);
  if (refused) co_return sentence(*way, "TLS", refused);
  co_return co_await exchange(way, stream, request);
}

Request request_of(const AlertmanagerUrl& url, const std::string& body) {
  Request request(http::verb::post, url.target, 11);
  request.set(http::field::host, url.host_header);
  request.set(http::field::content_type, "application/json");
  request.set(http::field::user_agent, "fanfare");
  request.set(http::field::connection, "close");
  if (!url.authorization.empty()) request.set(http::field::authorization, url.authorization);
  request.body() = body;
  request.prepare_payload();
  return request;
}

}  // namespace

net::awaitable<std::string> post_alerts(std::shared_ptr<AlertmanagerWay> way,
                                        std::shared_ptr<const std::string> body) {
  if (const error_code error = co_await find_endpoints(way))
    co_return sentence(*way, "look-up", error);
  way->stream = std::make_shared<beast::tcp_stream>(co_await net::this_coro::executor);
  const auto stream = way->stream;
  stream->expires_after(way->timeout);
  const Endpoints endpoints = way->endpoints;
  const auto [refused, endpoint] = co_await stream->async_connect(endpoints, quietly);
  if (refused) co_return sentence(*way, "connecting", refused);
  const Request request = request_of(way->url, *body);
  std::string error;
  if (way->url.tls)
    error = co_await exchange_tls(way, request);
  else
    error = co_await exchange(way, *stream, request);
  stream->close();
  co_return error;
}

}  // namespace fanfare
