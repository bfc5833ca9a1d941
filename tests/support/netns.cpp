// SPDX-License-Identifier: Apache-2.0
#include "tests/support/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace fanfare::test {
namespace {

void check(int result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

// setns and unshare change the calling thread for good, so each such thing has its own thread.
void on_own_thread(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void shell(const std::string& command) {
  const int status = std::system(command.c_str());
  if (status != 0)
    throw std::runtime_error("`" + command + "` ended with " + std::to_string(status));
}

Netns::Netns() {
  on_own_thread([this] {
    check(::unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
    fd_ = Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    check(fd_ ? 0 : -1, "opening a network namespace");
    test::shell("ip link set lo up");
  });
}

void Netns::run(const std::function<void()>& work) const {
  on_own_thread([&] {
    check(::setns(fd_.get(), CLONE_NEWNET), "setns");
    work();
  });
}

void Netns::shell(const std::string& command) const {
  run([&] { test::shell(command); });
}

std::uint32_t Netns::inode() const {
  struct stat status {};
  check(::fstat(fd_.get(), &status), "fstat");
  return static_cast<std::uint32_t>(status.st_ino);
}

std::string Netns::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

void connect_netns(const Netns& left, const Netns& right) {
  left.shell("ip link add veth0 type veth peer name veth0 netns " + right.path());
  left.shell(
      "ip addr add 10.99.0.1/24 dev veth0; ip -6 addr add fd99::1/64 dev veth0 nodad; "
      "ip link set veth0 up");
  right.shell(
      "ip addr add 10.99.0.2/24 dev veth0; ip -6 addr add fd99::2/64 dev veth0 nodad; "
      "ip link set veth0 up");
}

}  // namespace fanfare::test
