// SPDX-License-Identifier: Apache-2.0
// Sockets that change hands: passed to another process, inherited at activation. The count goes on,
// and the owner is who holds the socket now.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

// A child that does one thing, then waits to be killed.
class Child {
 public:
  explicit Child(const std::function<void()>& work) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when the test dies
    try {
      work();
    } catch (...) {
      ::_exit(1);
    }
    for (;;) ::pause();
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }
  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

 private:
  pid_t pid_;
};

void pass(const Fd& channel, const Fd& socket) {
  char byte = 'x';
  iovec one{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &one;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* right = CMSG_FIRSTHDR(&message);
  right->cmsg_level = SOL_SOCKET;
  right->cmsg_type = SCM_RIGHTS;
  right->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = socket.get();
  std::memcpy(CMSG_DATA(right), &fd, sizeof fd);
  ASSERT_EQ(::sendmsg(channel.get(), &message, 0), 1);
}

Fd take(const Fd& channel) {
  char byte = 0;
  iovec one{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &one;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  int fd = -1;
  if (::recvmsg(channel.get(), &message, 0) == 1)
    std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return Fd(fd);
}

class PassingTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) attach();
  }

  // As after half a minute, when owners are looked up in any case.
  Owner owner_of(std::uint64_t cookie) {
    const auto snapshot = read_after(40s + std::chrono::seconds(scans_++ * 40));
    const auto at = snapshot.owners->by_cookie.find(cookie);
    return at == snapshot.owners->by_cookie.end() ? Owner{} : at->second;
  }

 private:
  int scans_ = 0;
};

TEST_F(PassingTest, passed_to_another_process) {
  const Fd listener = listen_on();
  Pair pair = upgraded_pair(listener);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd here(ends[0]), there(ends[1]);
  const auto cookie = cookie_of(pair.server);
  send_messages(pair.server, 10, 10);
  EXPECT_EQ(owner_of(cookie).pid, static_cast<std::uint32_t>(::getpid()));

  const int inherited = pair.server.get();
  const Child child([&] {
    ::close(inherited);
    if (::write(there.get(), "c", 1) != 1) ::_exit(2);
    const Fd taken = take(there);
    send_messages(taken, 15, 10);
    for (;;) ::pause();
  });
  char closed = 0;
  ASSERT_EQ(::read(here.get(), &closed, 1), 1);
  EXPECT_EQ(owner_of(cookie).pid, static_cast<std::uint32_t>(::getpid()));
  pass(here, pair.server);
  pair.server = Fd();
  receive(pair.client, 25 * 12);
  EXPECT_EQ(flow(cookie).out.tally.by_class[FANFARE_EVENT].messages, 25U);
  EXPECT_EQ(flow(cookie).life, FANFARE_LIVE);
  EXPECT_EQ(owner_of(cookie).pid, child.pid());
}

// On its way to a process that never takes it; the same to us as a socket whose end was missed.
TEST_F(PassingTest, held_by_nobody_for_a_day) {
  const Fd listener = listen_on();
  Pair pair = upgraded_pair(listener);
  const auto cookie = cookie_of(pair.server);
  send_messages(pair.server, 3, 10);
  receive(pair.client, 3 * 12);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd here(ends[0]), there(ends[1]);
  pass(here, pair.server);
  pair.server = Fd();
  read_after(40s);
  read_after(23h);
  EXPECT_EQ(flow(cookie).life, FANFARE_LIVE);
  EXPECT_EQ(watched_port(port_of(listener)), 1U);
  read_after(24h + 41s);
  const auto record = flow(cookie);
  EXPECT_EQ(record.life, FANFARE_CLOSED);
  EXPECT_EQ(record.sk_err, static_cast<std::uint32_t>(ETIMEDOUT));
  EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, 3U);
  EXPECT_EQ(watched_port(port_of(listener)), 0U);
  for (int i = 0; i < 3; ++i) read_after(25h);
  EXPECT_FALSE(find_flow(cookie));
}

// As systemd does: the parent listens on fd 3, the child accepts and serves. The youngest holder of
// a listener is the service.
TEST_F(PassingTest, socket_activation) {
  const Fd listener = listen_on();
  const auto port = port_of(listener);
  const Child child([&] {
    if (::dup2(listener.get(), 3) != 3) ::_exit(2);
    const Fd activated(3);
    const Fd server = accept_from(activated);
    send_all(server, upgrade_head());
    send_messages(server, 30, 10);
    for (;;) ::pause();
  });
  const Fd client = connect_to({.port = port});
  receive(client, upgrade_head().size() + 30 * 12);

  const auto snapshot = read_after(40s);
  std::optional<std::size_t> index;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i)
    if (snapshot.flows[i].remote_port == port_of(client)) index = i;
  ASSERT_TRUE(index);
  const auto& record = snapshot.flows[*index];
  EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, 30U);
  EXPECT_EQ(snapshot.owners->by_cookie.at(snapshot.cookies[*index]).pid, child.pid());
  EXPECT_EQ(snapshot.owners->listeners.at({record.netns, port}).pid, child.pid());
}

// The listener's process ends, the socket lives on in a child.
TEST_F(PassingTest, owner_of_an_inherited_socket) {
  const Fd listener = listen_on();
  Pair pair = upgraded_pair(listener);
  const auto cookie = cookie_of(pair.server);
  Child child([&] { send_messages(pair.server, 5, 10); });
  receive(pair.client, 5 * 12);
  EXPECT_EQ(owner_of(cookie).pid, child.pid()) << "the youngest of two holders";
  child.end();
  EXPECT_EQ(owner_of(cookie).pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(events_out(pair.server), 5U);
}

}  // namespace
}  // namespace fanfare::test
