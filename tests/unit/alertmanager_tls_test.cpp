// SPDX-License-Identifier: Apache-2.0
// Posting over TLS: only to whom the system's certificate authorities vouch for, under the name
// that was asked for.
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "agent/exports/alertmanager.h"
#include "tests/support/certificate.h"
#include "tests/unit/fake_alertmanager.h"

namespace fanfare {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using namespace std::chrono_literals;

// Answers 200 to whoever shakes hands.
class TlsAlertmanager {
 public:
  TlsAlertmanager(net::io_context& context, const std::string& names)
      : key_(EVP_EC_gen("P-256")),
        certificate_(test::certificate(key_.get(), names)),
        acceptor_(context, {net::ip::address_v4::loopback(), 0}) {
    SSL_CTX_use_certificate(tls_.native_handle(), certificate_.get());
    SSL_CTX_use_PrivateKey(tls_.native_handle(), key_.get());
    net::co_spawn(context, serve(), net::detached);
  }
  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  void write_certificate(const std::filesystem::path& file) const {
    test::write_certificate(certificate_.get(), file);
  }
  int requests = 0;
  std::string server_name;  // that the client asked for

 private:
  net::awaitable<void> serve() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(fake::quietly);
      if (error) co_return;
      ssl::stream<net::ip::tcp::socket> stream(std::move(socket), tls_);
      const auto [refused] =
          co_await stream.async_handshake(ssl::stream_base::server, fake::quietly);
      if (refused) continue;
      const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
      server_name = name ? name : "";
      boost::beast::flat_buffer buffer;
      fake::Request request;
      const auto [unread, got] = co_await http::async_read(stream, buffer, request, fake::quietly);
      if (unread) continue;
      ++requests;
      co_await net::async_write(stream, net::buffer(fake::accepted), fake::quietly);
    }
  }

  test::Key key_;
  test::Certificate certificate_;
  ssl::context tls_{ssl::context::tls_server};
  net::ip::tcp::acceptor acceptor_;
};

// The view of one target after a post to it, with `trusted` as the only authority.
AlertmanagerView posted(net::io_context& context, const std::string& url,
                        const TlsAlertmanager& trusted) {
  const std::filesystem::path file =
      testing::TempDir() + "fanfare_ca_" + std::to_string(::getpid()) + ".pem";
  trusted.write_certificate(file);
  ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  ::setenv("SSL_CERT_DIR", "/nonexistent", 1);
  AlertPoster poster(context, {url});
  poster.post({}, {"eu", "n1"}, 1000s, Wall(1700000000s));
  context.restart();
  while (context.run_one_for(200ms) > 0) {
  }
  poster.post({}, {"eu", "n1"}, 1000s, Wall(1700000000s));  // settles
  ::unsetenv("SSL_CERT_FILE");
  ::unsetenv("SSL_CERT_DIR");
  std::filesystem::remove(file);
  return poster.views(1000s).at(0);
}

TEST(AlertPosterTls, PostsToWhomTheSystemTrusts) {
  net::io_context context;
  TlsAlertmanager server(context, "DNS:localhost,IP:127.0.0.1");
  EXPECT_EQ(posted(context, "https://localhost:" + server.port(), server).error, "");
  EXPECT_EQ(server.requests, 1);
  EXPECT_EQ(server.server_name, "localhost");
  EXPECT_EQ(posted(context, "https://127.0.0.1:" + server.port(), server).error, "");
  EXPECT_EQ(server.requests, 2);
  EXPECT_EQ(server.server_name, "") << "an address is no server name (RFC 6066)";
}

TEST(AlertPosterTls, TellsNothingToAStranger) {
  net::io_context context;
  TlsAlertmanager server(context, "DNS:localhost");
  TlsAlertmanager other(context, "DNS:localhost");
  const AlertmanagerView view = posted(context, "https://localhost:" + server.port(), other);
  EXPECT_THAT(view.error, testing::HasSubstr("certificate verify failed"));
  EXPECT_FALSE(view.reachable);
  EXPECT_EQ(server.requests, 0);
}

TEST(AlertPosterTls, TellsNothingUnderAnotherName) {
  net::io_context context;
  TlsAlertmanager server(context, "DNS:elsewhere.example");
  const AlertmanagerView view = posted(context, "https://localhost:" + server.port(), server);
  EXPECT_THAT(view.error, testing::HasSubstr("certificate verify failed"));
  EXPECT_EQ(server.requests, 0);
}

TEST(AlertPosterTls, SaysSoWhereNobodySpeaksIt) {
  net::io_context context;
  fake::Alertmanager plain(context);
  TlsAlertmanager any(context, "DNS:localhost");
  const AlertmanagerView view = posted(context, "https://" + plain.address(), any);
  EXPECT_THAT(view.error, testing::StartsWith("TLS: "));
  EXPECT_FALSE(view.reachable);
}

}  // namespace
}  // namespace fanfare
