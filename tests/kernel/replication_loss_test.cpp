// SPDX-License-Identifier: Apache-2.0
// Replication where something is in the way: the budget, bytes that are no RPC, dropped packets.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/kernel/replication_fixture.h"
#include "tests/support/dice.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

class ReplicationLossTest : public ReplicationTest {};

TEST_F(ReplicationLossTest, over_the_budget_is_named_and_found_again) {
  auto small = knobs();
  small.rpc_budget = 1500;
  attach(small);
  const Pair pair = connect_pair(listener_);
  const std::string append = append_request(log_entries(2, 64));
  // One segment a write: large ones would be merged on the way in.
  request(pair, append + append + append);
  request(pair, append);
  const auto out = rpcs(flow(pair.client).out);
  EXPECT_EQ(out.append, 2U) << "one before the cut, and the one that began a segment";
  EXPECT_EQ(out.entries, 128U);
  EXPECT_EQ(rpcs(flow(pair.server).in), out);
  expect_loss(FANFARE_LOSS_RPC_BUDGET, 2);  // at each end
}

TEST_F(ReplicationLossTest, what_is_no_rpc_is_named_once) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  const std::string append = append_request(log_entries(2, 4));
  request(pair, append);
  Dice dice(11);
  for (int i = 0; i < 50; ++i) {
    std::string noise(500, '\xc1');
    for (char& byte : noise) byte = static_cast<char>(dice.between(0, 255));
    noise[0] = '\x7f';
    request(pair, noise);
  }
  EXPECT_EQ(rpcs(flow(pair.client).out).entries, 4U);
  EXPECT_EQ(flow(pair.client).out.stage, FANFARE_STAGE_ANCHOR);
  request(pair, append);
  EXPECT_EQ(rpcs(flow(pair.client).out).entries, 8U);
  EXPECT_EQ(rpcs(flow(pair.server).in).entries, 8U);
  expect_loss(FANFARE_LOSS_BAD_RPC, 2);  // at each end
}

// Packets that the network drops: counted once on the way out, and once on the way in.
TEST_F(ReplicationLossTest, dropped_packets) {
  attach(knobs());
  Netns leaders, followers;
  connect_netns(leaders, followers);
  Fd listener;
  Pair pair;
  followers.run([&] { listener = listen_on({.ip = "10.99.0.2", .port = port()}); });
  leaders.run([&] { pair = connect_pair(listener, {"10.99.0.2", port()}); });
  followers.shell(
      "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; "
      "add rule inet t in meta l4proto tcp numgen inc mod 9 == 0 drop'");
  std::string stream;
  for (std::uint64_t i = 0; i < 2000; ++i) stream += append_request(log_entries(2 + i, 1));
  request(pair, stream);
  EXPECT_EQ(rpcs(flow(pair.client).out), read_requests(stream));
  EXPECT_EQ(rpcs(flow(pair.server).in), read_requests(stream));
  tcp_info info{};
  socklen_t size = sizeof info;
  ::getsockopt(pair.client.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
  EXPECT_GT(info.tcpi_total_retrans, 0U) << "the test provoked nothing";
}

}  // namespace
}  // namespace fanfare::test
