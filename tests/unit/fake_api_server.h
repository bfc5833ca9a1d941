// SPDX-License-Identifier: Apache-2.0
// The API server of a cluster on loopback, as far as pods go: it gives the answers that a test
// wrote for it, one for each request, after the shapes that Kubernetes documents (no recording of
// a real one). Lives on the test's io_context.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/certificate.h"

namespace fanfare::fake {

namespace api_net = boost::asio;

class ApiServer {
 public:
  struct Answer {
    std::vector<std::string> writes{};  // each a write of its own
    bool stays = false;                 // the connection is left open
  };

  // With `names` ("IP:127.0.0.1") it speaks TLS under a certificate that vouches for itself.
  explicit ApiServer(api_net::io_context& context, const std::string& names = "")
      : acceptor_(context, {api_net::ip::address_v4::loopback(), 0}) {
    if (!names.empty()) {
      key_.reset(EVP_EC_gen("P-256"));
      certificate_ = test::certificate(key_.get(), names);
      tls_.emplace(api_net::ssl::context::tls_server);
      SSL_CTX_use_certificate(tls_->native_handle(), certificate_.get());
      SSL_CTX_use_PrivateKey(tls_->native_handle(), key_.get());
    }
    api_net::co_spawn(context, accept_all(), api_net::detached);
  }

  std::string url() const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") +
           std::to_string(acceptor_.local_endpoint().port());
  }
  X509* certificate() const { return certificate_.get(); }

  static std::string whole(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  static std::string chunk(const std::string& text) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return size + text + "\r\n";
  }
  static inline const std::string stream =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  static inline const std::string end = "0\r\n\r\n";

  void give(const std::string& status, const std::string& body) {
    answers.push_back({{whole(status, body)}});
  }
  void give_list(const std::string& body) { give("200 OK", body); }
  // A watch that goes on after its lines.
  void give_watch(const std::vector<std::string>& lines, bool stays = true) {
    Answer answer{{stream}, stays};
    for (const auto& line : lines) answer.writes.push_back(chunk(line + "\n"));
    if (!stays) answer.writes.push_back(end);
    answers.push_back(std::move(answer));
  }

  std::deque<Answer> answers;  // the last is given again and again
  std::vector<std::string> targets;
  std::vector<std::string> tokens;  // of each request; empty where there was none

 private:
  static constexpr auto quietly = api_net::as_tuple(api_net::use_awaitable);

  api_net::awaitable<void> accept_all() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(quietly);
      if (error) co_return;
      api_net::co_spawn(acceptor_.get_executor(), meet(std::move(socket)), api_net::detached);
    }
  }

  api_net::awaitable<void> meet(api_net::ip::tcp::socket socket) {
    if (!tls_) {
      co_await serve(socket);
      co_return;
    }
    api_net::ssl::stream<api_net::ip::tcp::socket> secure(std::move(socket), *tls_);
    const auto [refused] =
        co_await secure.async_handshake(api_net::ssl::stream_base::server, quietly);
    if (!refused) co_await serve(secure);
  }

  template <class Stream>
  api_net::awaitable<void> serve(Stream& socket) {
    boost::beast::flat_buffer buffer;
    boost::beast::http::request<boost::beast::http::empty_body> request;
    const auto [unread, got] =
        co_await boost::beast::http::async_read(socket, buffer, request, quietly);
    if (unread) co_return;
    targets.emplace_back(request.target());
    tokens.emplace_back(request[boost::beast::http::field::authorization]);
    const Answer answer = answers.empty() ? Answer{} : answers.front();
    if (answers.size() > 1) answers.pop_front();
    for (const auto& text : answer.writes) {
      const auto [unsent, put] =
          co_await api_net::async_write(socket, api_net::buffer(text), quietly);
      if (unsent) co_return;
    }
    char byte = 0;
    if (answer.stays) co_await socket.async_read_some(api_net::buffer(&byte, 1), quietly);
  }

  test::Key key_;
  test::Certificate certificate_;
  std::optional<api_net::ssl::context> tls_;
  api_net::ip::tcp::acceptor acceptor_;
};

}  // namespace fanfare::fake
