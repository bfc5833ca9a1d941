// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/own_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace fanfare {
namespace {

constexpr std::chrono::seconds longest_making{2};

// What the child tells its parent beside the two descriptors; plain bytes.
struct Report {
  int error = 0;
  int netns_error = 0;
  std::uint16_t port = 0;
  std::uint8_t netns = 0;
  std::uint8_t cgroup = 0;
};

bool enter_cgroup(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return false;
  const Fd procs(::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  return procs && ::write(procs.get(), "0", 1) == 1;
}

// Without CAP_SYS_ADMIN a namespace can still be had inside a user namespace of one's own.
bool enter_netns() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP;
  return socket && ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

// Port 0 where no listener can be had.
std::uint16_t listen_at_test_address(int listener) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  std::memcpy(&address.sin_addr, test_address.data(), test_address.size());
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) != 0 || ::listen(listener, 1) != 0 ||
      ::getsockname(listener, generic, &size) != 0)
    return 0;
  return ntohs(address.sin_port);
}

void send_report(int channel, const Report& report, const OwnSockets& sockets) {
  const std::array<int, 2> ends{sockets.listener.get(), sockets.client.get()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof ends)> control{};
  Report copy = report;
  iovec bytes{&copy, sizeof copy};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (report.error == 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof ends);
    std::memcpy(CMSG_DATA(header), ends.data(), sizeof ends);
  }
  ::sendmsg(channel, &message, MSG_NOSIGNAL);
}

[[noreturn]] void be_the_child(const std::string& cgroup, Where where,
                               const std::set<std::uint16_t>& avoid, int channel) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Report report;
  OwnSockets sockets;
  report.cgroup = enter_cgroup(cgroup) ? 1 : 0;
  if (where == Where::foreign_netns) {
    report.netns = enter_netns() ? 1 : 0;
    if (!report.netns) report.netns_error = errno;
  }
  constexpr int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  do {
    sockets.listener = Fd(::socket(AF_INET, type, 0));
    report.port = listen_at_test_address(sockets.listener.get());
  } while (report.port != 0 && avoid.contains(report.port));
  sockets.client = Fd(::socket(AF_INET, type, 0));
  if (report.port == 0 || !sockets.client) report.error = errno ? errno : EIO;
  send_report(channel, report, sockets);
  ::_exit(0);
}

std::optional<OwnSockets> receive_report(int channel) {
  std::array<int, 2> ends{-1, -1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof ends)> control{};
  Report report;
  iovec bytes{&report, sizeof report};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  OwnSockets sockets;
  if (::recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != sizeof report) {
    sockets.error = EPIPE;
    return sockets;
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof ends)) {
    std::memcpy(ends.data(), CMSG_DATA(header), sizeof ends);
    sockets.listener = Fd(ends[0]);
    sockets.client = Fd(ends[1]);
  }
  sockets.error = sockets.client ? report.error : std::max(report.error, 1);
  sockets.netns_error = report.netns_error;
  sockets.netns = report.netns != 0;
  sockets.cgroup = report.cgroup != 0;
  sockets.port = report.port;
  return sockets;
}

// Two agents may have one pid, each in a namespace of its own.
std::string own_name() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return "/fanfare-scope-" + std::to_string(::getpid()) + "-" + std::to_string(now % 1000000007);
}

}  // namespace

bool is_test_socket(const fanfare_flow& flow) {
  const auto has = [](const std::uint8_t(&address)[16]) {
    return std::equal(test_address.begin(), test_address.end(), address + 12) &&
           address[10] == 0xff;
  };
  return has(flow.local) || has(flow.remote);
}

SocketMaker::SocketMaker(const std::string& cgroup, Where where,
                         const std::set<std::uint16_t>& avoid)
    : directory_(cgroup + own_name()),
      deadline_(std::chrono::steady_clock::now() + longest_making) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    error_ = errno;
    return;
  }
  channel_ = Fd(ends[0]);
  const Fd childs_end(ends[1]);
  child_ = ::fork();
  if (child_ < 0) error_ = errno;
  if (child_ == 0) be_the_child(directory_, where, avoid, childs_end.get());
}

SocketMaker::~SocketMaker() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
  ::rmdir(directory_.c_str());
}

std::optional<OwnSockets> SocketMaker::take(std::chrono::milliseconds patience) {
  OwnSockets none;
  none.error = error_;
  if (error_) return none;
  pollfd waiting{channel_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) == 1)
    return receive_report(channel_.get());
  none.error = ETIMEDOUT;
  if (std::chrono::steady_clock::now() >= deadline_) return none;
  return std::nullopt;
}

}  // namespace fanfare
