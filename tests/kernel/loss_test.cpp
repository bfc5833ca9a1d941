// SPDX-License-Identifier: Apache-2.0
// Packets dropped on the way, in large segments. A retransmission is never counted twice, nothing
// is missed, and what arrives past a hole waits for it: the counts are exact in both directions.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <future>

#include "tests/kernel/kernel_test.h"
#include "tests/support/decode.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

std::uint32_t retransmissions(const Fd& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  ::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
  return info.tcpi_total_retrans;
}

// Every n-th TCP packet that comes in to this namespace vanishes before its socket.
void drop_every(const Netns& netns, int n) {
  netns.shell(
      "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
      "add rule inet t in meta l4proto tcp numgen inc mod " +
      std::to_string(n) + " == 0 drop'");
}

class LossTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach();
    connect_netns(servers_, clients_);
    servers_.run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    clients_.run([&] { pair_ = upgraded_pair(listener_, {"10.99.0.1", port_of(listener_)}); });
  }

  // The client sends while the server reads.
  void send_inbound(const std::string& bytes) {
    auto reading =
        std::async(std::launch::async, [&] { return receive(pair_.server, bytes.size()); });
    for (std::size_t at = 0; at < bytes.size(); at += 1000)
      send_all(pair_.client, std::string_view(bytes).substr(at, 1000));
    expect_same_bytes(reading.get(), bytes);
  }

  Netns servers_, clients_;
  Fd listener_;
  Pair pair_;
};

TEST_F(LossTest, retransmissions_are_counted_once) {
  drop_every(clients_, 17);
  drop_every(servers_, 13);
  StreamBuilder stream;
  for (int i = 0; i < 20000; ++i) stream.message(std::string(200, 'r'));
  expect_counted(pair_, stream, [&] {
    for (int i = 0; i < 20000; ++i) send_all(pair_.server, wire({text, std::string(200, 'r')}));
  });
  EXPECT_GT(retransmissions(pair_.server), 0U) << "the test provoked nothing";
}

// Large frames: holes fall into payloads, and pieces of one frame are sent again.
TEST_F(LossTest, retransmissions_of_parts_of_frames) {
  drop_every(clients_, 7);
  StreamBuilder stream;
  for (int i = 0; i < 300; ++i) stream.message(std::string(20000, 'R'), {.fragment = 9000});
  expect_counted(pair_, stream, [&] { send_all(pair_.server, stream.bytes()); });
  EXPECT_GT(retransmissions(pair_.server), 0U) << "the test provoked nothing";
}

TEST_F(LossTest, inbound_holes_are_filled) {
  drop_every(servers_, 9);
  StreamBuilder stream;
  for (int i = 0; i < 20000; ++i) stream.message(std::string(190, 'h'), {.masked = true});
  send_inbound(stream.bytes());
  EXPECT_GT(retransmissions(pair_.client), 0U) << "the test provoked nothing";
  EXPECT_EQ(counts(flow(pair_.server).in), stream.truth());
}

// A hole inside one long payload hides no header: once that one has arrived, nothing is lost.
TEST_F(LossTest, inbound_holes_inside_a_payload_cost_nothing) {
  StreamBuilder stream;
  stream.message(std::string(2000000, 'h'), {.masked = true});
  send_all(pair_.client, stream.bytes().substr(0, 1000));
  receive(pair_.server, 1000);
  drop_every(servers_, 9);
  send_inbound(stream.bytes().substr(1000));
  EXPECT_GT(retransmissions(pair_.client), 0U) << "the test provoked nothing";
  EXPECT_EQ(counts(flow(pair_.server).in), stream.truth());
}

}  // namespace
}  // namespace fanfare::test
