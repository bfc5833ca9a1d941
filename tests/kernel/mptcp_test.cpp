// SPDX-License-Identifier: Apache-2.0
// A server on MPTCP: the bytes of a subflow are not in the order of the stream, so it is named and
// not counted; a plain client of the same server falls back to TCP.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

constexpr int mptcp = 262;  // IPPROTO_MPTCP, which headers of glibc 2.36 lack

class MptcpTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, mptcp));
    if (!listener_) GTEST_SKIP() << "this kernel has no MPTCP: " << std::strerror(errno);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    ASSERT_EQ(::listen(listener_.get(), 16), 0);
  }

  void play(const Fd& client) {
    const Fd server = accept_from(listener_);
    send_all(server, upgrade_head());
    send_messages(server, 20, 30);
    receive(client, upgrade_head().size() + 20 * 32);
  }

  Fd connected() {
    Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, mptcp));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_of(listener_));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    return client;
  }
  void expect_one_dark() {
    const auto snapshot = read();
    EXPECT_EQ(snapshot.flows.size(), 0U);
    ASSERT_EQ(snapshot.dark.size(), 1U);
    const auto& row = snapshot.dark[0].socket;
    EXPECT_EQ(row.reason, FANFARE_DARK_MPTCP);
    EXPECT_EQ(row.local_port, port_of(listener_));
    EXPECT_TRUE(snapshot.owners->by_cookie.contains(snapshot.dark[0].cookie));
  }
  // TCP's own end of the connection takes its time.
  void expect_none_dark() {
    for (int waited = 0; waited < 5000 && !read().dark.empty(); waited += 10)
      std::this_thread::sleep_for(10ms);
    EXPECT_EQ(read().dark.size(), 0U);
  }

  Fd listener_;
};

// Dark as long as they are open.
TEST_F(MptcpTest, clients_are_named) {
  attach();
  Fd client = connected();
  Fd server = accept_from(listener_);
  send_all(server, upgrade_head());
  send_messages(server, 20, 30);
  receive(client, upgrade_head().size() + 20 * 32);
  for (int i = 0; i < 3; ++i) read_after(std::chrono::seconds(60 + 60 * i));
  expect_one_dark();
  client = Fd();
  server = Fd();
  expect_none_dark();
  expect_loss(FANFARE_LOSS_MPTCP, 1);
}

TEST_F(MptcpTest, plain_http_is_nobodys) {
  attach();
  const Fd client = connected();
  const Fd server = accept_from(listener_);
  send_all(server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  receive(client, 38);
  for (int i = 0; i < 3; ++i) read_after(std::chrono::seconds(60 + 60 * i));
  EXPECT_EQ(read().dark.size(), 0U);
  EXPECT_EQ(read().flows.size(), 0U);
}

TEST_F(MptcpTest, one_older_than_the_agent_is_dark) {
  Fd client = connected();
  Fd server = accept_from(listener_);
  send_all(server, upgrade_head());
  receive(client, upgrade_head().size());
  attach();
  expect_one_dark();
  client = Fd();
  server = Fd();
  expect_none_dark();
  expect_loss(FANFARE_LOSS_MPTCP, 1);
}

TEST_F(MptcpTest, plain_client_is_counted) {
  attach();
  const Fd client = connect_to({.port = port_of(listener_)});
  play(client);
  const auto snapshot = read();
  ASSERT_EQ(snapshot.flows.size(), 1U);
  EXPECT_EQ(snapshot.flows[0].out.tally.by_class[FANFARE_EVENT].messages, 20U);
}

// Only the scan of descriptors tells that its port is listened on, as with Go's servers.
TEST_F(MptcpTest, plain_client_older_than_the_agent_is_adopted) {
  const Fd client = connect_to({.port = port_of(listener_)});
  const Fd server = accept_from(listener_);
  send_all(server, upgrade_head());
  receive(client, upgrade_head().size());
  attach();
  std::this_thread::sleep_for(100ms);  // the silence after which a segment starts a frame
  send_messages(server, 20, 30);
  EXPECT_EQ(events_out(server), 20U);
}

}  // namespace
}  // namespace fanfare::test
