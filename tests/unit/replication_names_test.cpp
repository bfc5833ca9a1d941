// SPDX-License-Identifier: Apache-2.0
// Which shard a replication socket is of, who its peer is, and how far reach follows a shard.
#include <gmock/gmock.h>

#include "tests/unit/replicated_node.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing;

TEST(ReplicationNames, PeersAreNamedByPortOrAddressElseByAddress) {
  auto rule = chat();
  rule.replication->peers["10.0.0.2:7001"] = "second-b";
  rule.replication->ports = {7000, 7001};
  Node node({rule});
  node.tick(SnapshotBuilder()
                .raft({.cookie = 1})
                .raft({.cookie = 2, .port = 7001})
                .raft({.cookie = 3, .peer = node_c})
                .raft({.cookie = 4, .peer = {10, 0, 0, 9}}));
  ASSERT_EQ(node.shard().peers.size(), 4u);
  EXPECT_EQ(node.shard().peers[0].name, "10.0.0.9");
  EXPECT_EQ(node.shard().peers[1].name, "node-b");
  EXPECT_EQ(node.shard().peers[2].name, "node-c");
  EXPECT_EQ(node.shard().peers[3].name, "second-b");
  // Its own port is not known of one that dials; the only entry of its address names it.
  node.tick(
      SnapshotBuilder().raft({.cookie = 5, .dialled = false, .peer = node_c, .heartbeats = 1}));
  EXPECT_EQ(node.peer("node-c").in.heartbeat, 1u);
}

TEST(ReplicationNames, AStrangerIsNoPeerUntilItSpeaksAndStrangersAreBounded) {
  Node node;
  node.tick(SnapshotBuilder().raft({.cookie = 1, .dialled = false, .peer = {10, 9, 9, 9}}));
  EXPECT_THAT(node.shard().peers, IsEmpty());
  auto crowd = [](std::uint8_t net) {
    SnapshotBuilder builder;
    for (std::uint8_t i = 0; i < 80; ++i)
      builder.raft(
          {.cookie = 1000u * net + i, .dialled = false, .peer = {10, 1, net, i}, .heartbeats = 1});
    return builder;
  };
  node.tick(crowd(1));
  EXPECT_EQ(node.shard().peers.size(), 65u);
  EXPECT_EQ(node.peer("other").in.heartbeat, 80u - 64);
  EXPECT_EQ(node.peer("other").address, "");
  node.tick(SnapshotBuilder());
  node.tick(crowd(2));  // those that are gone make room
  EXPECT_EQ(node.shard().peers.size(), 65u);
  EXPECT_EQ(node.peer("10.1.2.0").in.heartbeat, 1u);
}

TEST(ReplicationNames, SocketsOlderThanTheAgentAreShownAsUnsynced) {
  Node node;
  node.tick(SnapshotBuilder().raft(
      {.dialled = false, .peer = {10, 0, 0, 9}, .stage = FANFARE_STAGE_ANCHOR, .opened_ns = 0}));
  EXPECT_EQ(node.peer("10.0.0.9").sockets_unsynced, 1u);
}

TEST(ReplicationNames, ShardsOnOnePortAreToldApartByCgroupAndExecutable) {
  auto one = chat(), two = chat(), three = chat();
  one.match.cgroup = "/one";
  two.name = "two";
  two.match.cgroup = "/two";
  three.name = "three";
  three.match.cgroup = "/two";
  three.match.exe = "/bin/three";
  Node node({one, two, three});
  SnapshotBuilder builder;
  builder.cgroup(11, "/one/x").cgroup(12, "/two").cgroup(13, "/neither").holder(3, "/bin/three");
  builder.raft({.cookie = 1, .cgroup_id = 11})
      .raft({.cookie = 3, .cgroup_id = 12})
      .raft({.cookie = 4, .cgroup_id = 13});
  node.tick(builder);
  ASSERT_EQ(node.model.shards.size(), 2u);
  EXPECT_EQ(node.model.shards[0].name, "chat");
  EXPECT_EQ(node.model.shards[1].name, "three");
  EXPECT_THAT(node.model.shard_of, ElementsAre(0u, 1u, no_shard));
}

TEST(ReplicationNames, ASocketWaitsForTheFactsThatItsShardDependsOnAndLosesNothing) {
  auto one = chat();
  one.match.cgroup = "/one";
  const RaftSketch socket{.first = 1, .last = 5, .cgroup_id = 11};
  Node node({one});
  EXPECT_THAT(node.tick(SnapshotBuilder().raft(socket)).shards, IsEmpty());
  node.tick(SnapshotBuilder().cgroup(11, "/one").raft(socket));
  EXPECT_EQ(node.peer("node-b").out.entries, 5u);
  EXPECT_EQ(node.shard().commands, 5u);

  Node patient({one});
  for (int i = 0; i < 6; ++i) patient.tick(SnapshotBuilder().raft(socket));
  EXPECT_EQ(patient.shard().commands, 5u);

  Node hasty({one});
  auto over = socket;
  over.life = FANFARE_CLOSED;
  hasty.tick(SnapshotBuilder().raft(over));
  EXPECT_EQ(hasty.shard().commands, 5u);
}

fanfare_reach counted(std::uint64_t accepted, std::uint64_t reached = 0, std::uint64_t copies = 0,
                      std::uint64_t own_copies = 0, std::uint64_t unidentified = 0,
                      std::uint64_t reached_local = 0) {
  return {accepted, reached, copies, own_copies, unidentified, reached_local};
}

TEST(Reach, TotalsFollowTheShardsName) {
  auto one = chat(), two = chat();
  two.name = "two";
  two.replication->ports = {7001};
  one.identity.kind = two.identity.kind = Identity::Kind::payload;
  Node node({one, two});
  const auto both = [] {
    return SnapshotBuilder().raft({.cookie = 1}).raft({.cookie = 2, .port = 7001});
  };
  node.tick(both().reach({counted(5, 4, 9, 2, 1), counted(50, 40)}));
  EXPECT_TRUE(node.shard().identifies);
  const ReachTotals first{.accepted = 5,
                          .reached = 4,
                          .copies = 9,
                          .own_copies = 2,
                          .unidentified = 1,
                          .reached_local = 0};
  EXPECT_EQ(node.shard().reach, first);
  EXPECT_EQ(node.model.shards[1].reach.reached, 40u);

  node.ledger.set_rules({two, one}, plenty);
  node.tick(both().reach({counted(6), counted(51)}));  // of which rules, nobody knows
  EXPECT_EQ(node.shard().reach.accepted, 5u);
  node.tick(both().reach({counted(8), counted(52)}));
  EXPECT_EQ(node.shard().reach.accepted, 6u);
  EXPECT_EQ(node.model.shards[1].reach.accepted, 52u);
}

TEST(Reach, CountersThatStayAwayOrStartAnewAreNotCountedTwice) {
  Node node;
  const auto tick = [&](std::vector<fanfare_reach> counters) {
    node.tick(SnapshotBuilder().raft({}).reach(std::move(counters)));
    return node.shard().reach.accepted;
  };
  EXPECT_EQ(tick({counted(5)}), 5u);
  EXPECT_EQ(tick({}), 5u);
  EXPECT_EQ(tick({counted(7)}), 7u);
  EXPECT_EQ(tick({counted(3)}), 10u);
}

}  // namespace
}  // namespace fanfare
