// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/selftest_link.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <string_view>

namespace fanfare {
namespace {

using boost::asio::ip::tcp;

constexpr int stall_ms = 5000;  // without any progress

[[noreturn]] void fail(int error, const char* doing) {
  throw boost::system::system_error(error, boost::system::system_category(), doing);
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// One direction of a turn: bytes still to write at one end and to read at the other.
class Stream {
 public:
  Stream(int from, int to, std::string_view bytes)
      : from_(from), to_(to), unsent_(bytes), unread_(bytes.size()) {}

  bool done() const { return unread_ == 0; }
  // For poll() on `end`, as far as this direction is concerned.
  int wanted(int end) const {
    return (end == from_ && !unsent_.empty() ? POLLOUT : 0) | (end == to_ && !done() ? POLLIN : 0);
  }

  // Both return the bytes that moved.
  std::size_t write_some() {
    if (unsent_.empty()) return 0;
    const ssize_t sent = send(from_, unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && would_block()) return 0;
    if (sent < 0) fail(errno, "send");
    unsent_.remove_prefix(static_cast<std::size_t>(sent));
    return static_cast<std::size_t>(sent);
  }

  std::size_t read_some() {
    if (done()) return 0;
    std::array<char, 65536> buffer;
    const ssize_t got = recv(to_, buffer.data(), std::min(buffer.size(), unread_), MSG_DONTWAIT);
    if (got < 0 && would_block()) return 0;
    if (got <= 0) fail(got < 0 ? errno : ECONNRESET, "recv");
    unread_ -= static_cast<std::size_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  int from_;
  int to_;
  std::string_view unsent_;
  std::size_t unread_;
};

pollfd poll_for(int end, const Stream& down, const Stream& up) {
  return {end, static_cast<short>(down.wanted(end) | up.wanted(end)), 0};
}

}  // namespace

SelftestLink::SelftestLink(const boost::asio::ip::address& address)
    : listener_(context_, tcp::endpoint(address, 0)), client_(context_), server_(context_) {
  client_.connect(listener_.local_endpoint());
  server_ = listener_.accept();
  server_.set_option(tcp::no_delay(true));
  client_.set_option(tcp::no_delay(true));
}

void SelftestLink::exchange(const Turn& turn) {
  const int server = server_.native_handle();
  const int client = client_.native_handle();
  Stream down(server, client, turn.to_client);
  Stream up(client, server, turn.to_server);
  while (!down.done() || !up.done()) {
    // Both directions move in each round, or each could wait for the other.
    const std::size_t moved =
        down.write_some() + up.write_some() + down.read_some() + up.read_some();
    if (moved > 0) continue;
    std::array<pollfd, 2> ends = {poll_for(server, down, up), poll_for(client, down, up)};
    const int ready = poll(ends.data(), ends.size(), stall_ms);
    if (ready == 0) fail(ETIMEDOUT, "loopback");
    if (ready < 0 && errno != EINTR) fail(errno, "poll");
  }
}

std::uint64_t SelftestLink::cookie() {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (getsockopt(server_.native_handle(), SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) {
    fail(errno, "SO_COOKIE");
  }
  return cookie;
}

}  // namespace fanfare
