// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/own_talk.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace fanfare {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view upgrade =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"sv;
constexpr std::string_view to_client = "\x81\0"sv;            // a text frame without text
constexpr std::string_view to_server = "\x81\x80\0\0\0\0"sv;  // the same, masked
constexpr int moment_ms = 2;  // where another CPU does the softirq's work

bool put(int socket, std::string_view bytes) {
  return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(bytes.size());
}

// Two small messages in a row must not wait for each other's acknowledgement.
void send_at_once(int socket) {
  constexpr int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void take(int socket, std::uint64_t& due) {
  std::array<char, 256> bin{};
  while (due > 0) {
    const auto got =
        ::recv(socket, bin.data(), std::min<std::uint64_t>(due, bin.size()), MSG_DONTWAIT);
    if (got <= 0) return;
    due -= static_cast<std::uint64_t>(got);
  }
}

}  // namespace

void OwnTalk::close() {
  server_ = Fd();
  sockaddr none{};  // AF_UNSPEC: the client can be connected again
  // Where it is not, open() says so.
  static_cast<void>(::connect(sockets_.client.get(), &none, sizeof none));
  while (Fd(::accept4(sockets_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC))) {
  }
}

bool OwnTalk::open() {
  close();
  said_ = due_out_ = due_in_ = 0;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(sockets_.port);
  std::memcpy(&address.sin_addr, test_address.data(), test_address.size());
  const int connected =
      ::connect(sockets_.client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (connected != 0 && errno != EINPROGRESS) return false;
  pollfd waiting{sockets_.listener.get(), POLLIN, 0};
  if (::poll(&waiting, 1, moment_ms) != 1) return false;
  server_ = Fd(::accept4(sockets_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  send_at_once(server_.get());
  send_at_once(sockets_.client.get());
  socklen_t size = sizeof cookie_;
  if (!server_ || ::getsockopt(server_.get(), SOL_SOCKET, SO_COOKIE, &cookie_, &size) != 0 ||
      !put(server_.get(), upgrade)) {
    server_ = Fd();
    return false;
  }
  due_out_ = upgrade.size();
  return true;
}

bool OwnTalk::say() {
  if (!server_ || !put(server_.get(), to_client)) return false;
  due_out_ += to_client.size();
  if (!put(sockets_.client.get(), to_server)) return false;
  due_in_ += to_server.size();
  ++said_;
  return true;
}

bool OwnTalk::heard() {
  take(sockets_.client.get(), due_out_);
  take(server_.get(), due_in_);
  return due_out_ == 0 && due_in_ == 0;
}

}  // namespace fanfare
