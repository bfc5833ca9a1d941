// SPDX-License-Identifier: Apache-2.0
// Look up, connect, TLS if asked for, write, read. A connection for each post: they are 30 s apart.
#include "agent/exports/alertmanager_post.h"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/error.hpp>
#include <utility>

#include "agent/config/text.h"
#include "agent/net/http_exchange.h"
#include "agent/net/look_up.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr std::size_t header_limit = 8192;
constexpr std::size_t body_limit = 65536;
constexpr std::size_t shown_body = 200;

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

std::string request_of(const AlertmanagerUrl& url, const std::string& body) {
  HttpRequest request{"POST",
                      url.target,
                      {{"Host", url.host_header},
                       {"Content-Type", "application/json"},
                       {"User-Agent", "fanfare"},
                       {"Connection", "close"}},
                      body};
  if (!url.authorization.empty()) request.fields.emplace_back("Authorization", url.authorization);
  return request.text();
}

net::awaitable<std::string> exchange(std::shared_ptr<AlertmanagerWay> way, std::string request) {
  unsigned status = 0;
  std::string body;
  const HttpTaker taker{.header_limit = header_limit,
                        .body_limit = body_limit,
                        .begin = [&](unsigned code) { status = code; },
                        .body =
                            [&](std::string_view bytes) {
                              body += bytes;
                              return true;
                            }};
  way->connection->expires_after(way->timeout);
  const HttpTrouble trouble = co_await exchange_http(*way->connection, std::move(request), taker);
  if (trouble.error)
    co_return sentence(*way,
                       trouble.step == HttpTrouble::sending ? "sending" : "waiting for the answer",
                       trouble.error);
  if (status / 100 == 2) co_return std::string{};
  co_return refusal(status, body);
}

}  // namespace

net::awaitable<std::string> post_alerts(std::shared_ptr<AlertmanagerWay> way,
                                        std::shared_ptr<const std::string> body) {
  if (const error_code error = co_await find_endpoints(way))
    co_return sentence(*way, "look-up", error);
  way->connection = std::make_shared<Connection>(co_await net::this_coro::executor);
  const auto connection = way->connection;
  connection->expires_after(way->timeout);
  auto endpoints = way->endpoints;
  const error_code refused = co_await connection->connect(std::move(endpoints));
  if (refused) co_return sentence(*way, "connecting", refused);
  std::string error;
  if (way->url.tls) {
    // The system's certificate authorities, read anew for each post so that a renewed bundle
    // counts.
    TlsPeer peer{way->url.host, {}};
    const Secured secured = co_await connection->secure(std::move(peer));
    if (secured.error) error = sentence(*way, "TLS", secured.error);
  }
  if (error.empty()) {
    std::string request = request_of(way->url, *body);
    error = co_await exchange(way, std::move(request));
  }
  connection->close();
  co_return error;
}

}  // namespace fanfare
