// SPDX-License-Identifier: Apache-2.0
// How a connection ended: what TCP itself says at TCP_CLOSE, for each way to end, with the final
// sequence numbers. The record survives the socket for two reads.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

#include "bpf/tcp_states.h"
#include "tests/kernel/kernel_test.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

class CloseTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach();
    listener_ = listen_on();
    pair_ = upgraded_pair(listener_);
    cookie_ = cookie_of(pair_.server);
    send_messages(pair_.server, 10, 98);
    receive(pair_.client, 1000);
  }

  // Closing goes on in the background for a moment.
  fanfare_flow closed_flow(std::chrono::milliseconds patience = 20s) {
    for (auto waited = 0ms; waited < patience; waited += 20ms) {
      const auto found = find_flow(cookie_);
      if (found && found->life == FANFARE_CLOSED) return *found;
      std::this_thread::sleep_for(20ms);
    }
    ADD_FAILURE() << "the record was never closed";
    return {};
  }

  void expect_end(const fanfare_flow& flow, unsigned error, unsigned state,
                  std::uint64_t events = 10) {
    EXPECT_EQ(flow.sk_err, error);
    EXPECT_EQ(flow.close_state, state);
    EXPECT_EQ(flow.out.tally.by_class[FANFARE_EVENT].messages, events);
    EXPECT_EQ(flow.watched, 0U);
  }

  Fd listener_;
  Pair pair_;
  std::uint64_t cookie_ = 0;
};

TEST_F(CloseTest, peer_closes_first) {
  pair_.client = Fd();
  EXPECT_EQ(receive_rest(pair_.server), "");
  pair_.server = Fd();
  const auto flow = closed_flow();
  expect_end(flow, 0, FANFARE_TCP_LAST_ACK);
  EXPECT_EQ(flow.snd_una, flow.write_seq);
  EXPECT_EQ(flow.snd_una, flow.out.next_seq + 1) << "a FIN takes one number";
}

TEST_F(CloseTest, own_close_first) {
  pair_.server = Fd();
  EXPECT_EQ(receive_rest(pair_.client), "");
  pair_.client = Fd();
  const auto flow = closed_flow();
  expect_end(flow, 0, FANFARE_TCP_FIN_WAIT2);
  EXPECT_EQ(flow.snd_una, flow.snd_nxt);
}

TEST_F(CloseTest, reset_by_the_peer) {
  close_by_reset(std::move(pair_.client));
  const auto flow = closed_flow();
  expect_end(flow, ECONNRESET, FANFARE_TCP_ESTABLISHED);
  EXPECT_EQ(flow.snd_una, flow.out.next_seq);
}

TEST_F(CloseTest, reset_by_us) {
  close_by_reset(std::move(pair_.server));
  expect_end(closed_flow(), 0, FANFARE_TCP_ESTABLISHED);
}

// A client that has stopped reading: what was written but never left shows in the numbers.
TEST_F(CloseTest, reset_with_bytes_unsent) {
  const std::string message = wire({binary, std::string(60000, 'u')});
  set_option(pair_.client, SOL_SOCKET, SO_RCVBUF, 4096);
  while (::send(pair_.server.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >
         0) {
  }
  std::this_thread::sleep_for(50ms);
  close_by_reset(std::move(pair_.client));
  const auto flow = closed_flow();
  EXPECT_EQ(flow.sk_err, static_cast<unsigned>(ECONNRESET));
  EXPECT_EQ(flow.snd_nxt, flow.out.next_seq);
  EXPECT_GT(flow.write_seq - flow.snd_nxt, 0U);
}

TEST_F(CloseTest, half_closed_by_the_peer) {
  ::shutdown(pair_.client.get(), SHUT_WR);
  EXPECT_EQ(receive_rest(pair_.server), "");
  send_messages(pair_.server, 5, 98);
  pair_.server = Fd();
  EXPECT_EQ(receive_rest(pair_.client).size(), 500U);
  pair_.client = Fd();
  expect_end(closed_flow(), 0, FANFARE_TCP_LAST_ACK, 15);
}

TEST_F(CloseTest, timeout_behind_a_cut_network) {
  Netns servers, clients;
  connect_netns(servers, clients);
  Fd listener;
  servers.run([&] { listener = listen_on({.ip = "10.99.0.1"}); });
  Pair pair;
  clients.run([&] { pair = upgraded_pair(listener, {"10.99.0.1", port_of(listener)}); });
  cookie_ = cookie_of(pair.server);
  send_messages(pair.server, 10, 98);
  receive(pair.client, 1000);
  set_option(pair.server, IPPROTO_TCP, TCP_USER_TIMEOUT, 500);
  // Dropped beyond the device: with the link down the device itself refuses, and then TCP does not
  // take the bytes for sent.
  clients.shell(
      "nft 'add table inet t; add chain inet t in { type filter hook prerouting priority 0; "
      "policy drop; }'");
  send_messages(pair.server, 5, 98);
  const auto flow = closed_flow(15s);
  EXPECT_EQ(flow.sk_err, static_cast<unsigned>(ETIMEDOUT));
  EXPECT_EQ(flow.close_state, FANFARE_TCP_ESTABLISHED);
  EXPECT_EQ(flow.out.tally.by_class[FANFARE_EVENT].messages, 15U);
  EXPECT_EQ(flow.snd_nxt - flow.snd_una, 500U) << "written, never acknowledged";
}

TEST_F(CloseTest, record_stays_for_two_reads) {
  close_by_reset(std::move(pair_.client));
  closed_flow();  // the first read that sees it closed
  EXPECT_TRUE(find_flow(cookie_));
  EXPECT_FALSE(find_flow(cookie_));
}

}  // namespace
}  // namespace fanfare::test
