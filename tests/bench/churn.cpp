// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/churn.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <thread>

#include "tests/bench/socket_set.h"
#include "tests/bench/traffic.h"

namespace fanfare::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t receive_some(const Fd& socket) {
  std::array<char, 4096> buffer{};
  const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) throw std::system_error(errno, std::generic_category(), "recv");
  return static_cast<std::size_t>(got);
}

}  // namespace

void serve_churn(const Fd& listener, std::size_t count) {
  const auto welcome = upgrade_answer() + message({});
  for (std::size_t i = 0; i < count; ++i) {
    const Fd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) throw std::system_error(errno, std::generic_category(), "accept");
    receive_head(socket);
    send_all(socket, welcome);
    while (receive_some(socket) != 0) continue;
  }
}

std::chrono::nanoseconds connect_churn(std::uint16_t port, std::size_t count,
                                       std::size_t per_second) {
  const auto expected = upgrade_answer().size() + message({}).size();
  const auto began = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    if (per_second)
      std::this_thread::sleep_until(began +
                                    std::chrono::nanoseconds(1'000'000'000) * i / per_second);
    const Fd socket = make_socket();
    connect_to(socket, port);
    send_all(socket, upgrade_request());
    for (std::size_t got = 0; got < expected;) {
      const auto some = receive_some(socket);
      if (some == 0) throw std::runtime_error("closed before the message had come");
      got += some;
    }
  }
  return Clock::now() - began;
}

}  // namespace fanfare::bench
