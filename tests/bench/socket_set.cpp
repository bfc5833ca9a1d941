// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/socket_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace fanfare::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto time_limit = 30s;
constexpr auto nap = 100us;  // when a whole round of reading found nothing
constexpr int backlog = 4096;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

template <typename Value>
void set_option(const Fd& socket, int level, int option, const Value& value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) != 0) fail("setsockopt");
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Fd make_socket() {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  const timeval limit{.tv_sec = std::chrono::seconds(time_limit).count(), .tv_usec = 0};
  set_option(socket, SOL_SOCKET, SO_RCVTIMEO, limit);
  set_option(socket, SOL_SOCKET, SO_SNDTIMEO, limit);
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, IPPROTO_TCP, TCP_CONGESTION, std::array{'r', 'e', 'n', 'o'});
  return socket;
}

void connect_to(const Fd& socket, std::uint16_t port) {
  const auto address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
}

void send_all(const Fd& socket, const std::string& bytes) {
  const auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) fail("send");
  if (static_cast<std::size_t>(sent) != bytes.size())
    throw std::runtime_error("send() took a part only: nobody reads");
}

void receive_head(const Fd& socket) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    std::array<char, 4096> buffer{};
    const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) fail("reading a handshake");
    if (got == 0) throw std::runtime_error("closed during the handshake");
    head.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::uint16_t SocketSet::listen(std::uint16_t port) {
  listener_ = make_socket();
  auto address = loopback(port);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), any, size) != 0) fail("bind");
  if (::listen(listener_.get(), backlog) != 0) fail("listen");
  if (::getsockname(listener_.get(), any, &size) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

void SocketSet::accept(std::size_t count, Protocol protocol) {
  for (std::size_t i = 0; i < count; ++i) {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) fail("accept");
    if (protocol == Protocol::websocket) {
      receive_head(socket);
      send_all(socket, upgrade_answer());
    }
    sockets_.push_back(std::move(socket));
  }
}

void SocketSet::connect(std::uint16_t port, std::size_t count, Protocol protocol) {
  for (std::size_t i = 0; i < count; ++i) {
    Fd socket = make_socket();
    connect_to(socket, port);
    if (protocol == Protocol::websocket) {
      send_all(socket, upgrade_request());
      receive_head(socket);
    }
    sockets_.push_back(std::move(socket));
  }
}

std::vector<std::chrono::nanoseconds> SocketSet::send(const std::string& message,
                                                      std::size_t passes) const {
  std::vector<std::chrono::nanoseconds> took;
  while (took.size() < passes) {
    const auto began = Clock::now();
    for (const auto& socket : sockets_) send_all(socket, message);
    took.push_back(Clock::now() - began);
  }
  return took;
}

// Without epoll: a socket that is watched would cost its sender a wake-up, as a client on another
// host does not.
void SocketSet::receive(std::size_t bytes_each) const {
  std::vector<std::size_t> due(sockets_.size(), bytes_each);
  std::vector<char> buffer(65536);
  auto last_progress = Clock::now();
  for (std::size_t open = bytes_each ? due.size() : 0; open > 0;) {
    bool progress = false;
    for (std::size_t i = 0; i < due.size(); ++i) {
      if (due[i] == 0) continue;
      const auto got =
          ::recv(sockets_[i].get(), buffer.data(), std::min(buffer.size(), due[i]), MSG_DONTWAIT);
      if (got < 0 && errno != EAGAIN) fail("recv");
      if (got == 0) throw std::runtime_error("closed by the other end");
      if (got < 0) continue;
      progress = true;
      due[i] -= static_cast<std::size_t>(got);
      if (due[i] == 0) --open;
    }
    if (progress) {
      last_progress = Clock::now();
    } else if (Clock::now() - last_progress > time_limit) {
      throw std::runtime_error("bytes are missing");
    } else {
      std::this_thread::sleep_for(nap);
    }
  }
}

}  // namespace fanfare::bench
