// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/scope_proof.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "agent/kernel/fd.h"
#include "agent/kernel/flow_table.h"
#include "bpf/abi.h"

namespace fanfare {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t messages = 3;
constexpr int patience_ms = 2000;

// What the child tells its parent; plain bytes through a pipe.
struct Report {
  std::uint64_t cookie = 0;
  int error = 0;            // errno of the first step that failed, 0: all were done
  std::uint8_t netns = 0;   // it stood in a namespace of its own
  std::uint8_t cgroup = 0;  // it stood in a cgroup of its own
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

// A 101 and three empty text frames, read to the last byte by the client.
bool play(int server, int client) {
  constexpr std::string_view bytes =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
      "\x81\0\x81\0\x81\0"sv;
  static_assert(bytes.size() == 62);
  if (::send(server, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(bytes.size()))
    return false;
  std::array<char, bytes.size()> received{};
  return ::recv(client, received.data(), received.size(), MSG_WAITALL) ==
         static_cast<ssize_t>(received.size());
}

std::uint64_t converse() {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), generic, &size) != 0 ||
      ::connect(client.get(), generic, size) != 0)
    return 0;
  const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  std::uint64_t cookie = 0;
  size = sizeof cookie;
  if (!server || !play(server.get(), client.get()) ||
      ::getsockopt(server.get(), SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0)
    return 0;
  return cookie;
}

enum class Where { foreign_netns, this_netns };

[[noreturn]] void be_the_child(const std::string& cgroup, Where where, int report_fd) {
  Report report;
  report.cgroup = enter_cgroup(cgroup) ? 1 : 0;
  report.netns = where == Where::foreign_netns && enter_netns() ? 1 : 0;
  if (report.netns || where == Where::this_netns) report.cookie = converse();
  if (report.cookie == 0) report.error = errno ? errno : EIO;
  const auto written = ::write(report_fd, &report, sizeof report);
  ::_exit(written == sizeof report ? 0 : 1);
}

Report read_report(int fd) {
  Report report;
  pollfd waiting{fd, POLLIN, 0};
  if (::poll(&waiting, 1, patience_ms) != 1)
    report.error = ETIMEDOUT;
  else if (::read(fd, &report, sizeof report) != sizeof report)
    report.error = EPIPE;
  return report;
}

Report run_child(const std::string& parent, Where where) {
  const std::string cgroup = parent + "/fanfare-scope-" + std::to_string(::getpid());
  std::array<int, 2> ends{};
  Report failed;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    failed.error = errno;
    return failed;
  }
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    failed.error = errno;
    return failed;
  }
  if (child == 0) be_the_child(cgroup, where, writing.get());
  writing = Fd();
  const Report report = read_report(reading.get());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::rmdir(cgroup.c_str());
  return report;
}

std::uint64_t counted(const FlowTable& flows, std::uint64_t cookie) {
  const auto flow = flows.find(cookie);
  if (!flow) return 0;
  return flow->out.tally.by_class[FANFARE_EVENT].messages;
}

}  // namespace

std::string prove_counting(const CgroupTarget& cgroup, const FlowTable& flows) {
  const auto report = run_child(cgroup.path, Where::this_netns);
  if (report.error || !report.cookie)
    return std::string("no loopback connection could be made to test with: ") +
           std::strerror(report.error);
  const auto seen = counted(flows, report.cookie);
  if (seen == messages) return {};
  return std::to_string(messages) + " messages were sent, " + std::to_string(seen) + " counted";
}

ScopeProof prove_scope(const CgroupTarget& cgroup, const FlowTable& flows) {
  const auto report = run_child(cgroup.path, Where::foreign_netns);
  if (report.error || !report.cookie)
    return {ScopeResult::unproven,
            std::string("no socket in a foreign network namespace could be made to test with: ") +
                std::strerror(report.error),
            report.cookie};
  if (counted(flows, report.cookie) != messages)
    return {ScopeResult::refuted,
            "a socket in a foreign network namespace" +
                std::string(report.cgroup ? " and cgroup" : "") + " was not counted",
            report.cookie};
  if (!report.cgroup)
    return {ScopeResult::netns_only,
            "a socket in a foreign network namespace was counted; no cgroup could be made below " +
                cgroup.path + " to test with",
            report.cookie};
  return {ScopeResult::proven, "a socket in a foreign network namespace and cgroup was counted",
          report.cookie};
}

}  // namespace fanfare
