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

  Fd listener_;
};

TEST_F(MptcpTest, subflows_are_named) {
  attach();
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, mptcp));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_of(listener_));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  play(client);
  for (const auto& record : read().flows) EXPECT_EQ(counts(record.out), Counts{});
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
