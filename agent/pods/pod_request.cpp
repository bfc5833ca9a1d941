// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_request.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
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
using Way = std::shared_ptr<PodApiWay>;
using Lines = std::shared_ptr<const LineTaker>;
using Request = http::request<http::empty_body>;

constexpr std::size_t header_limit = 16384;
constexpr std::size_t body_limit = 16 << 20;  // 500 pods of 30 KB
constexpr std::size_t line_limit = 8 << 20;   // etcd holds nothing longer than 1.5 MB
constexpr std::size_t refusal_limit = 65536;
constexpr std::size_t piece = 16384;
constexpr std::size_t longest_token = 65536;

// Results as a tuple that begins with the error: a refused connection is no exception.
constexpr auto quietly = net::as_tuple(net::use_awaitable);

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
void keep_watch(net::ip::tcp::socket& socket) {
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(socket.native_handle(), level, option, &value, sizeof value);
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

template <class Stream>
net::awaitable<PodReply> exchange(Way way, Stream& stream, Request request, Lines lines) {
  auto& lowest = beast::get_lowest_layer(stream);
  lowest.expires_after(way->timeout);
  const auto [unsent, put] = co_await http::async_write(stream, request, quietly);
  if (unsent) co_return failed(sentence("sending", unsent));
  http::response_parser<http::buffer_body> parser;
  parser.header_limit(header_limit);
  parser.body_limit(boost::none);
  beast::flat_buffer buffer(header_limit + piece);
  const auto [headless, head] = co_await http::async_read_header(stream, buffer, parser, quietly);
  if (headless) co_return failed(sentence("waiting for the answer", headless));
  Taker taker(parser.get().result_int(), lines.get());
  lowest.expires_after(lines ? lines->timeout : way->timeout);
  std::array<char, piece> bytes{};
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = bytes.data();
    body.size = bytes.size();
    const auto [cut, got] = co_await http::async_read_some(stream, buffer, parser, quietly);
    const std::size_t taken = bytes.size() - body.size;
    if (taken > 0 && !taker.take({bytes.data(), taken})) break;
    if (cut && cut != http::error::need_buffer) {
      taker.reply.error = sentence("reading the answer", cut);
      break;
    }
  }
  co_return std::move(taker.reply);
}

// Under its own name or address, and vouched for by `ca_file`, which is read anew each time: it is
// renewed while the agent runs.
net::awaitable<PodReply> exchange_tls(Way way, Request request, Lines lines) {
  const PodApi& api = way->api;
  error_code error;
  ssl::context context(ssl::context::tls_client);
  context.load_verify_file(api.ca_file, error);
  if (error)
    co_return failed("kubernetes.ca_file " + api.ca_file + ": " + escaped(error.message()));
  beast::ssl_stream<beast::tcp_stream&> stream(*way->stream, context);
  stream.set_verify_mode(ssl::verify_peer, error);
  SSL* session = stream.native_handle();
  net::ip::make_address(api.host, error);
  if (error) {
    SSL_set1_host(session, api.host.c_str());
    SSL_set_tlsext_host_name(session, api.host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), api.host.c_str());
  }
  const auto [refused] = co_await stream.async_handshake(ssl::stream_base::client, quietly);
  const auto verdict = SSL_get_verify_result(session);
  if (refused && verdict != X509_V_OK)
    co_return failed("TLS: the server's certificate is not good: " +
                     std::string(X509_verify_cert_error_string(verdict)) +
                     " (is kubernetes.ca_file, " + api.ca_file +
                     ", the authority of this server?)");
  if (refused) co_return failed(sentence("TLS", refused));
  co_return co_await exchange(way, stream, std::move(request), lines);
}

net::awaitable<error_code> find_endpoints(Way way) {
  const LookedUp found = co_await look_up(way->api.host, way->api.port, way->timeout);
  if (!found.error) way->endpoints = found.endpoints;
  co_return way->endpoints.empty() ? found.error : error_code{};
}

Request request_of(const PodApi& api, const std::string& target, const std::string& token) {
  Request request(http::verb::get, api.base + target, 11);
  request.set(http::field::host, api.host_header);
  request.set(http::field::accept, "application/json");
  request.set(http::field::user_agent, "fanfare");
  request.set(http::field::connection, "close");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  return request;
}

}  // namespace

net::awaitable<PodReply> ask_pod_api(Way way, std::string target, Lines lines) {
  if (const error_code unknown = co_await find_endpoints(way))
    co_return failed(sentence("look-up", unknown));
  way->stream = std::make_shared<beast::tcp_stream>(co_await net::this_coro::executor);
  const auto stream = way->stream;
  stream->expires_after(way->timeout);
  const auto endpoints = way->endpoints;
  const auto [refused, endpoint] = co_await stream->async_connect(endpoints, quietly);
  if (refused) co_return failed(sentence("connecting", refused));
  keep_watch(stream->socket());
  std::string error, token;
  if (way->api.tls) token = read_token(way->api.token_file, error);
  Request request = request_of(way->api, target, token);
  PodReply reply;
  if (!error.empty())
    reply = failed(error);
  else if (way->api.tls)
    reply = co_await exchange_tls(way, std::move(request), lines);
  else
    reply = co_await exchange(way, *stream, std::move(request), lines);
  stream->close();
  co_return reply;
}

}  // namespace fanfare
