// SPDX-License-Identifier: Apache-2.0
// Many connections over loopback, one end of each, that are treated alike: opened, written, read
// and closed together. Blocking calls with a time limit; the other ends live in another process.
// Throws std::system_error or std::runtime_error when something takes longer than that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/kernel/fd.h"
#include "tests/bench/traffic.h"

namespace fanfare::bench {

// A TCP socket of the load: time limit, no Nagle (one segment a send), Reno (the host's default may
// pace, and send from a timer).
Fd make_socket();
void connect_to(const Fd& socket, std::uint16_t port);
void send_all(const Fd& socket, const std::string& bytes);
// Reads to the end of an HTTP head. What follows must not be on its way yet.
void receive_head(const Fd& socket);

class SocketSet {
 public:
  // Returns the port; 0 lets the kernel choose it.
  std::uint16_t listen(std::uint16_t port);
  void accept(std::size_t count, Protocol protocol);
  void connect(std::uint16_t port, std::size_t count, Protocol protocol);

  // One send() on every socket in turn, `passes` times. Returns what each pass took.
  std::vector<std::chrono::nanoseconds> send(const std::string& message, std::size_t passes) const;

  // Reads exactly so many bytes from every socket.
  void receive(std::size_t bytes_each) const;

  std::size_t size() const { return sockets_.size(); }
  const Fd& listener() const { return listener_; }

 private:
  Fd listener_;
  std::vector<Fd> sockets_;
};

}  // namespace fanfare::bench
