// SPDX-License-Identifier: Apache-2.0
#include "agent/net/connection.h"

#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <utility>

namespace fanfare {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// Results as a tuple that begins with the error: a refused connection is no exception.
constexpr auto quietly = net::as_tuple(net::use_awaitable);

// Under its own name or address. A name is told to the server too (RFC 6066), an address is not.
void demand(SSL* session, const std::string& host) {
  error_code no_address;
  net::ip::make_address(host, no_address);
  if (no_address) {
    SSL_set1_host(session, host.c_str());
    SSL_set_tlsext_host_name(session, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
  }
}

}  // namespace

struct Connection::Parts {
  explicit Parts(const net::any_io_executor& executor) : plain(executor) {}
  beast::tcp_stream plain;
  std::optional<ssl::context> context;
  std::optional<beast::ssl_stream<beast::tcp_stream&>> tls;
};

Connection::Connection(const net::any_io_executor& executor)
    : parts_(std::make_unique<Parts>(executor)) {}
Connection::~Connection() = default;

void Connection::expires_after(std::chrono::milliseconds time) {
  parts_->plain.expires_after(time);
}
void Connection::close() { parts_->plain.close(); }
int Connection::native_handle() { return parts_->plain.socket().native_handle(); }

net::awaitable<error_code> Connection::connect(std::vector<net::ip::tcp::endpoint> endpoints) {
  const auto [refused, endpoint] = co_await parts_->plain.async_connect(endpoints, quietly);
  co_return refused;
}

net::awaitable<Secured> Connection::secure(TlsPeer peer) {
  Secured secured;
  auto& context = parts_->context.emplace(ssl::context::tls_client);
  error_code ignored;
  if (peer.ca_file.empty())
    context.set_default_verify_paths(ignored);
  else
    context.load_verify_file(peer.ca_file, secured.error);
  if (secured.error) {
    secured.bad_ca_file = true;
    co_return secured;
  }
  auto& tls = parts_->tls.emplace(parts_->plain, context);
  tls.set_verify_mode(ssl::verify_peer, ignored);
  demand(tls.native_handle(), peer.host);
  const auto [refused] = co_await tls.async_handshake(ssl::stream_base::client, quietly);
  const auto verdict = SSL_get_verify_result(tls.native_handle());
  secured.error = refused;
  if (refused && verdict != X509_V_OK) secured.verdict = X509_verify_cert_error_string(verdict);
  co_return secured;
}

net::awaitable<Moved> Connection::read(net::mutable_buffer into) {
  if (parts_->tls) {
    const auto [error, bytes] = co_await parts_->tls->async_read_some(into, quietly);
    co_return Moved{error, bytes};
  }
  const auto [error, bytes] = co_await parts_->plain.async_read_some(into, quietly);
  co_return Moved{error, bytes};
}

net::awaitable<Moved> Connection::write(net::const_buffer from) {
  if (parts_->tls) {
    const auto [error, bytes] = co_await parts_->tls->async_write_some(from, quietly);
    co_return Moved{error, bytes};
  }
  const auto [error, bytes] = co_await parts_->plain.async_write_some(from, quietly);
  co_return Moved{error, bytes};
}

}  // namespace fanfare
