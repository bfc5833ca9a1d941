// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_request.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/error.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "agent/config/text.h"
#include "agent/net/http_exchange.h"
#include "agent/net/look_up.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Way = std::shared_ptr<PodApiWay>;
using Lines = std::shared_ptr<const LineTaker>;

constexpr std::size_t header_limit = 16384;
constexpr std::size_t body_limit = 16 << 20;  // 500 pods of 30 KB
constexpr std::size_t line_limit = 8 << 20;   // etcd holds nothing longer than 1.5 MB
constexpr std::size_t refusal_limit = 65536;
constexpr std::size_t longest_token = 65536;

PodReply failed(std::string error) { return {.error = std::move(error)}; }

std::string sentence(const char* doing, const error_code& error) {
  if (error == beast::error::timeout || error == net::error::timed_out)
    return std::string(doing) + ": no answer in time";
  return std::string(doing) + ": " + escaped(error.message());
}

// Empty with the reason in `error` where the file holds no token. What it holds is never shown.
std::string read_token(const std::string& file, std::string& error) {
  std::ifstream in(file, std::ios::binary);
  std::string token(longest_token, '\0');
  if (in) in.read(token.data(), static_cast<std::streamsize>(token.size()));
  if (!in && !in.eof()) {
    error = "token file " + file + ": " + std::strerror(errno);
    return {};
  }
  token.resize(static_cast<std::size_t>(in.gcount()));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const bool fit =
      !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  if (!fit) error = "token file " + file + " holds no token";
  return fit ? token : std::string();
}

// A server that is gone without a word is noticed in half a minute, also while nothing changes.
void keep_watch(int socket) {
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30000);
}

// Lines of a stream whose pieces end anywhere.
class LineSplitter {
 public:
  explicit LineSplitter(const LineTaker& taker) : taker_(taker) {}

  // False where nothing more is wanted, see the two flags.
  bool take(std::string_view bytes) {
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
      const auto head = bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      if (!finish(head)) return false;
    }
    too_long = held_.size() + bytes.size() > line_limit;
    if (!too_long) held_ += bytes;
    return !too_long;
  }

  bool too_long = false;
  bool unwanted = false;

 private:
  bool finish(std::string_view head) {
    if (held_.size() + head.size() > line_limit) {
      too_long = true;
      return false;
    }
    held_ += head;
    unwanted = !held_.empty() && !taker_.line(held_);
    held_.clear();
    return !unwanted;
  }

  const LineTaker& taker_;
  std::string held_;
};

// What is done with the bytes of a body.
class Taker {
 public:
  Taker(unsigned status, const LineTaker* lines) : ok_(status == 200) {
    reply.status = status;
    if (!ok_ || !lines) return;
    splitter_.emplace(*lines);
    lines->begun();
  }

  bool take(std::string_view bytes) {
    if (splitter_) {
      const bool more = splitter_->take(bytes);
      reply.too_long = splitter_->too_long;
      reply.unwanted = splitter_->unwanted;
      return more;
    }
    if (reply.body.size() + bytes.size() <= (ok_ ? body_limit : refusal_limit)) {
      reply.body += bytes;
      return true;
    }
    reply.too_long = ok_;
    return false;
  }

  PodReply reply;

 private:
  bool ok_;
  std::optional<LineSplitter> splitter_;
};

net::awaitable<PodReply> exchange(Way way, std::string request, Lines lines) {
  constexpr const char* doing[] = {"sending", "waiting for the answer", "reading the answer"};
  const auto connection = way->connection;
  std::optional<Taker> taker;
  const HttpTaker to_taker{.header_limit = header_limit,
                           .body_limit = {},
                           .begin =
                               [&](unsigned status) {
                                 taker.emplace(status, lines.get());
                                 connection->expires_after(lines ? lines->timeout : way->timeout);
                               },
                           .body = [&](std::string_view bytes) { return taker->take(bytes); }};
  connection->expires_after(way->timeout);
  const HttpTrouble trouble = co_await exchange_http(*connection, std::move(request), to_taker);
  PodReply reply;
  if (taker) reply = std::move(taker->reply);
  if (trouble.error) reply.error = sentence(doing[trouble.step], trouble.error);
  co_return reply;
}

// Empty where the server is vouched for by `ca_file`, which is read anew each time: it is renewed
// while the agent runs.
net::awaitable<std::string> secure(Way way) {
  const PodApi& api = way->api;
  TlsPeer peer{api.host, api.ca_file};
  const Secured secured = co_await way->connection->secure(std::move(peer));
  if (secured.bad_ca_file)
    co_return "kubernetes.ca_file " + api.ca_file + ": " + escaped(secured.error.message());
  if (!secured.verdict.empty())
    co_return "TLS: the server's certificate is not good: " + secured.verdict +
        " (is kubernetes.ca_file, " + api.ca_file + ", the authority of this server?)";
  if (secured.error) co_return sentence("TLS", secured.error);
  co_return std::string();
}

net::awaitable<error_code> find_endpoints(Way way) {
  const LookedUp found = co_await look_up(way->api.host, way->api.port, way->timeout);
  if (!found.error) way->endpoints = found.endpoints;
  co_return way->endpoints.empty() ? found.error : error_code{};
}

std::string request_of(const PodApi& api, const std::string& target, const std::string& token) {
  HttpRequest request{"GET",
                      api.base + target,
                      {{"Host", api.host_header},
                       {"Accept", "application/json"},
                       {"User-Agent", "fanfare"},
                       {"Connection", "close"}}};
  if (!token.empty()) request.fields.emplace_back("Authorization", "Bearer " + token);
  return request.text();
}

}  // namespace

net::awaitable<PodReply> ask_pod_api(Way way, std::string target, Lines lines) {
  if (const error_code unknown = co_await find_endpoints(way))
    co_return failed(sentence("look-up", unknown));
  way->connection = std::make_shared<Connection>(co_await net::this_coro::executor);
  const auto connection = way->connection;
  connection->expires_after(way->timeout);
  auto endpoints = way->endpoints;
  const error_code refused = co_await connection->connect(std::move(endpoints));
  if (refused) co_return failed(sentence("connecting", refused));
  keep_watch(connection->native_handle());
  std::string error, token;
  if (way->api.tls) token = read_token(way->api.token_file, error);
  if (error.empty() && way->api.tls) error = co_await secure(way);
  PodReply reply = failed(error);
  if (error.empty()) {
    std::string request = request_of(way->api, target, token);
    reply = co_await exchange(way, std::move(request), lines);
  }
  connection->close();
  co_return reply;
}

}  // namespace fanfare
