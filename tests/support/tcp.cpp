// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tcp.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace fanfare::test {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress address_of(const Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.ip.find(':') == std::string::npos) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    ::inet_pton(AF_INET, endpoint.ip.c_str(), &v4->sin_addr);
    address.size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    ::inet_pton(AF_INET6, endpoint.ip.c_str(), &v6->sin6_addr);
    address.size = sizeof *v6;
  }
  return address;
}

Fd open_socket(int family) {
  Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  const timeval patience{patience_seconds, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  return socket;
}

}  // namespace

Fd listen_on(const Endpoint& endpoint) {
  auto address = address_of(endpoint);
  Fd listener = open_socket(address.storage.ss_family);
  if (endpoint.reuse_port) set_option(listener, SOL_SOCKET, SO_REUSEPORT, 1);
  if (::bind(listener.get(), address.generic(), address.size) != 0) fail("bind");
  if (::listen(listener.get(), 4096) != 0) fail("listen");
  return listener;
}

Fd connect_to(const Endpoint& endpoint, std::uint16_t from_port) {
  auto address = address_of(endpoint);
  Fd client = open_socket(address.storage.ss_family);
  if (from_port) {
    auto own = address_of({endpoint.ip, from_port});
    if (::bind(client.get(), own.generic(), own.size) != 0) fail("bind");
  }
  if (::connect(client.get(), address.generic(), address.size) != 0) fail("connect");
  return client;
}

Fd accept_from(const Fd& listener) {
  Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!server) fail("accept");
  const timeval patience{patience_seconds, 0};
  ::setsockopt(server.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(server.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return server;
}

Pair connect_pair(const Fd& listener, const Endpoint& endpoint) {
  Pair pair;
  pair.client = connect_to(endpoint);
  pair.server = accept_from(listener);
  set_option(pair.server, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(pair.client, IPPROTO_TCP, TCP_NODELAY, 1);
  return pair;
}

Pair connect_pair(const Fd& listener) {
  return connect_pair(listener, {.port = port_of(listener)});
}

std::uint16_t port_of(const Fd& socket) {
  SocketAddress address;
  if (::getsockname(socket.get(), address.generic(), &address.size) != 0) fail("getsockname");
  // The port stands at the same place in both families.
  return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

std::uint64_t cookie_of(const Fd& socket) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) fail("SO_COOKIE");
  return cookie;
}

void set_option(const Fd& socket, int level, int option, int value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) != 0) fail("setsockopt");
}

void close_by_reset(Fd socket) {
  const linger at_once{1, 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0)
    fail("SO_LINGER");
}

void send_all(int socket, std::string_view bytes, int flags) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), flags | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void wait_until_sent(const Fd& socket) {
  for (int waited_ms = 0; waited_ms < 1000 * patience_seconds; ++waited_ms) {
    int unsent = 0;
    if (::ioctl(socket.get(), SIOCOUTQNSD, &unsent) != 0) fail("SIOCOUTQNSD");
    if (unsent == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  throw std::runtime_error("a socket keeps its bytes");
}

std::string receive(const Fd& socket, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto got = ::recv(socket.get(), bytes.data() + have, size - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("recv");
    if (got == 0)
      throw std::runtime_error("the stream ended after " + std::to_string(have) + " bytes of " +
                               std::to_string(size));
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string receive_rest(const Fd& socket) {
  std::string bytes;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != ECONNRESET) fail("recv");
    if (got <= 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace fanfare::test
