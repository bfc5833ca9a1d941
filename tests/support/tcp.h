// SPDX-License-Identifier: Apache-2.0
// TCP sockets for scripts: thin over the system calls, everything throws std::system_error, and no
// call waits longer than the patience below.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/kernel/fd.h"

namespace fanfare::test {

struct Endpoint {
  std::string ip = "127.0.0.1";  // a colon in it means IPv6
  std::uint16_t port = 0;        // host order; 0: the kernel's choice
  bool reuse_port = false;
};

struct Pair {
  Fd server, client;
};

inline constexpr int patience_seconds = 20;

Fd listen_on(const Endpoint& endpoint = {});
// From `from_port` if it is not 0.
Fd connect_to(const Endpoint& endpoint, std::uint16_t from_port = 0);
Fd accept_from(const Fd& listener);
// A client and the socket that the listener (on loopback) accepted for it, without Nagle.
Pair connect_pair(const Fd& listener, const Endpoint& endpoint);
Pair connect_pair(const Fd& listener);

std::uint16_t port_of(const Fd& socket);
std::uint64_t cookie_of(const Fd& socket);
void set_option(const Fd& socket, int level, int option, int value);
// The next close() sends a RST.
void close_by_reset(Fd socket);

void send_all(int socket, std::string_view bytes, int flags = 0);
inline void send_all(const Fd& socket, std::string_view bytes) { send_all(socket.get(), bytes); }
// TCP paces: what send() took may leave later. Returns when all of it has left for the first time;
// throws std::runtime_error where that takes too long.
void wait_until_sent(const Fd& socket);
// Throws std::runtime_error where the stream ends earlier.
std::string receive(const Fd& socket, std::size_t size);
// Up to the end of the stream, or to a reset.
std::string receive_rest(const Fd& socket);

}  // namespace fanfare::test
