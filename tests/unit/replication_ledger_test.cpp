// SPDX-License-Identifier: Apache-2.0
// Replication sockets to shards, peers and commands, through the whole ledger.
#include <gmock/gmock.h>

#include "tests/unit/replicated_node.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing;

TEST(ReplicationLedger, AShardExistsFromItsFirstReplicationSocketOn) {
  Node node;
  EXPECT_THAT(node.tick(SnapshotBuilder()).shards, IsEmpty());
  node.tick(SnapshotBuilder().raft({}));
  EXPECT_EQ(node.shard().name, "chat");
  EXPECT_TRUE(node.shard().replicates);
  EXPECT_FALSE(node.shard().identifies);
  EXPECT_THAT(node.model.shard_of, ElementsAre(0u));
}

TEST(ReplicationLedger, ItsSocketsAreNotThoseOfClients) {
  Node node;
  node.tick(SnapshotBuilder()
                .listener(8080, "chatd")
                .flow({.cookie = 1, .events_out = 5})
                .raft({.cookie = 2, .first = 1, .last = 9})
                .raft({.cookie = 3, .stage = FANFARE_STAGE_ANCHOR})
                .raft({.cookie = 4, .life = FANFARE_CLOSED}));
  const Shard& shard = node.shard();
  EXPECT_EQ(node.model.shards.size(), 1u);
  EXPECT_EQ(shard.sockets_synced, 1u);
  EXPECT_EQ(shard.sockets_unsynced, 0u);
  EXPECT_EQ(shard.sockets_opened, 1u);
  EXPECT_EQ(shard.out.messages[FANFARE_EVENT], 5u);
  EXPECT_EQ(shard.out.frames, 5u);
  EXPECT_EQ(node.peer("node-b").sockets_synced, 1u);
  EXPECT_EQ(node.peer("node-b").sockets_unsynced, 1u);
  EXPECT_THAT(node.model.shard_of, ElementsAre(0u, 0u, 0u, 0u));
}

TEST(ReplicationLedger, APeersSocketsAreSummedByDirection) {
  Node node;
  node.tick(SnapshotBuilder()
                .raft({.cookie = 1, .first = 1, .last = 9, .no_commands = 2, .answers = 1})
                .raft({.cookie = 2, .heartbeats = 7, .answers = 6, .confirmed = 8})
                .raft({.cookie = 3, .dialled = false, .heartbeats = 3, .answers = 2})
                .raft({.cookie = 4, .peer = node_c, .votes = 1}));
  EXPECT_EQ(node.shard().peers.size(), 2u);
  const RpcTotals out{.append = 1, .heartbeat = 7, .entries = 9, .commands = 7, .answers = 7};
  const RpcTotals in{.heartbeat = 3, .answers = 2};
  EXPECT_EQ(node.peer("node-b").out, out);
  EXPECT_EQ(node.peer("node-b").in, in);
  EXPECT_EQ(node.peer("node-b").sent_index, 9u);
  EXPECT_EQ(node.peer("node-b").confirmed_index, 8u);
  EXPECT_EQ(node.peer("node-b").address, "10.0.0.2");
  EXPECT_EQ(node.peer("node-b").protocol, "hashicorp-raft");
  EXPECT_EQ(node.peer("node-c").out.vote, 1u);
}

TEST(ReplicationLedger, TotalsOutliveTheirSocketsAndNeverFall) {
  Node node;
  node.tick(SnapshotBuilder().raft({.cookie = 1, .first = 1, .last = 5, .answers = 3}));
  const RaftSketch closed{.cookie = 1, .first = 1, .last = 9, .answers = 4, .life = FANFARE_CLOSED};
  node.tick(SnapshotBuilder().raft(closed));
  node.tick(SnapshotBuilder().raft(closed));
  node.tick(SnapshotBuilder());
  EXPECT_EQ(node.peer("node-b").out.entries, 9u);
  EXPECT_EQ(node.peer("node-b").out.answers, 4u);
  EXPECT_EQ(node.peer("node-b").sockets_synced, 0u);
  node.tick(SnapshotBuilder().raft({.cookie = 1, .first = 10, .last = 11}));  // a cookie comes back
  EXPECT_EQ(node.peer("node-b").out.entries, 11u);
  EXPECT_EQ(node.shard().commands, 11u);
}

TEST(ReplicationLedger, CommandsAreThoseOfTheMostAdvancedFollower) {
  Node node;
  node.tick(SnapshotBuilder()
                .raft({.cookie = 1, .first = 1, .last = 2, .no_commands = 2})
                .raft({.cookie = 2, .peer = node_c, .first = 1, .last = 2, .no_commands = 2}));
  node.tick(SnapshotBuilder()
                .raft({.cookie = 1, .first = 1, .last = 12, .no_commands = 2})
                .raft({.cookie = 2, .peer = node_c, .first = 1, .last = 9, .no_commands = 2}));
  EXPECT_EQ(node.shard().commands, 10u);
  EXPECT_EQ(node.peer("node-b").sent_index, 12u);
  EXPECT_EQ(node.peer("node-c").sent_index, 9u);
}

TEST(ReplicationLedger, AFollowerCountsWhatItReceives) {
  Node node;
  node.tick(SnapshotBuilder().raft({.cookie = 1, .dialled = false, .first = 1, .last = 9}));
  EXPECT_EQ(node.shard().commands, 9u);
  EXPECT_EQ(node.peer("node-b").received_index, 9u);
  EXPECT_EQ(node.peer("node-b").in.entries, 9u);
  EXPECT_EQ(node.peer("node-b").sent_index, 0u);
}

TEST(ReplicationLedger, APeerWhoseSocketsAllEndBeginsAnewWhenItReturns) {
  Node node;
  const RaftSketch old{.cookie = 1, .first = 1, .last = 900, .confirmed = 900};
  node.tick(SnapshotBuilder().raft(old));
  auto ended = old;
  ended.life = FANFARE_CLOSED;
  node.tick(SnapshotBuilder().raft(ended));
  EXPECT_EQ(node.peer("node-b").confirmed_index, 900u);
  // The reader hands the ended one out twice.
  node.tick(SnapshotBuilder().raft(ended).raft({.cookie = 2, .confirmed = 0}));
  EXPECT_EQ(node.peer("node-b").sent_index, 0u);
  EXPECT_EQ(node.peer("node-b").confirmed_index, 0u);
  node.tick(SnapshotBuilder().raft({.cookie = 2, .first = 1, .last = 500, .confirmed = 400}));
  EXPECT_EQ(node.peer("node-b").sent_index, 500u);
  EXPECT_EQ(node.peer("node-b").confirmed_index, 400u);
  EXPECT_EQ(node.shard().commands, 900u);
}

TEST(ReplicationLedger, ASocketBesideOthersLeavesIndexesAlone) {
  Node node;
  const RaftSketch heartbeats{.cookie = 1, .heartbeats = 1, .confirmed = 900};
  const RaftSketch pipeline{.cookie = 2, .first = 1, .last = 900};
  node.tick(SnapshotBuilder().raft(heartbeats).raft(pipeline));
  auto ended = pipeline;
  ended.life = FANFARE_CLOSED;
  ended.last = 905;
  node.tick(SnapshotBuilder().raft(heartbeats).raft(ended).raft({.cookie = 3}));
  EXPECT_EQ(node.peer("node-b").sent_index, 905u);
  EXPECT_EQ(node.peer("node-b").confirmed_index, 900u);
}

TEST(ReplicationLedger, APeerThatReturnsWithinATickBeginsAnewToo) {
  Node node;
  const RaftSketch old{.cookie = 1, .first = 1, .last = 900, .confirmed = 900};
  node.tick(SnapshotBuilder().raft(old));
  auto ended = old;
  ended.life = FANFARE_CLOSED;
  for (int i = 0; i < 2; ++i) {  // the reader hands the ended one out twice
    node.tick(SnapshotBuilder().raft(ended).raft({.cookie = 2, .answers = 1}));
    EXPECT_EQ(node.peer("node-b").sent_index, 0u) << i;
    EXPECT_EQ(node.peer("node-b").confirmed_index, 0u) << i;
  }
}

// The old leader had sent 101..105 to nobody who kept them; when it leads again the log ends at
// 103.
TEST(ReplicationLedger, IndexesAreOfOneLeadership) {
  Node node;
  RaftSketch pool{.cookie = 1, .first = 1, .last = 105, .confirmed = 100};
  node.tick(SnapshotBuilder().raft(pool));
  pool.votes = 1;
  node.tick(SnapshotBuilder().raft(pool));
  EXPECT_EQ(node.peer("node-b").sent_index, 0u);
  EXPECT_EQ(node.peer("node-b").confirmed_index, 0u);
  pool.confirmed = 103;
  node.tick(SnapshotBuilder().raft(pool));
  EXPECT_EQ(node.peer("node-b").sent_index, 0u)
      << "103 was sent, the kernel knows only the highest";
  EXPECT_EQ(node.peer("node-b").confirmed_index, 103u);
  pool.last = 106;
  node.tick(SnapshotBuilder().raft(pool));
  EXPECT_EQ(node.peer("node-b").sent_index, 106u);
}

TEST(ReplicationLedger, AClusterThatIsSetUpAnewIsFollowedAfterAMinute) {
  Node node;
  node.tick(SnapshotBuilder().raft({.cookie = 1, .first = 1, .last = 90'000, .confirmed = 90'000}));
  node.tick(SnapshotBuilder());
  std::uint64_t last = 0;
  for (int second = 0; second < 62; ++second) {
    last += 20;
    node.tick(SnapshotBuilder().raft({.cookie = 2, .first = 1, .last = last, .confirmed = last}));
  }
  EXPECT_EQ(node.shard().commands, 90'000u + 20) << "the minute does not count, what follows does";
  EXPECT_EQ(node.peer("node-b").sent_index, last);
}

TEST(ReplicationLedger, AReloadMovesWhatIsCountedFromThenOn) {
  Node node;
  node.tick(SnapshotBuilder().raft({.first = 1, .last = 5}));
  auto renamed = chat();
  renamed.name = "talk";
  renamed.replication->peers = {};
  node.ledger.set_rules({renamed}, plenty);
  node.tick(SnapshotBuilder().raft({.first = 1, .last = 7}));
  ASSERT_EQ(node.model.shards.size(), 2u);
  EXPECT_EQ(node.model.shards[0].commands, 5u);
  EXPECT_FALSE(node.model.shards[0].replicates);
  EXPECT_EQ(node.model.shards[0].peers.at(0).sockets_synced, 0u);
  EXPECT_EQ(node.model.shards[1].commands, 2u);
  EXPECT_EQ(node.model.shards[1].peers.at(0).name, "10.0.0.2");
  EXPECT_EQ(node.model.shards[1].peers[0].out.entries, 2u);
  EXPECT_THAT(node.model.shard_of, ElementsAre(1u));
}

TEST(ReplicationLedger, ShardsOfTheConfigurationHaveTheirPlaceOverTheLimit) {
  auto two = chat();
  two.name = "two";
  two.replication->ports = {7001};
  Ledger ledger({chat(), two}, 1);
  SnapshotBuilder builder;
  builder.raft({.cookie = 1, .first = 1, .last = 3});
  builder.raft({.cookie = 2, .first = 1, .last = 3, .port = 7001});
  ledger.advance(builder.build());
  const auto model = ledger.advance(builder.build());
  ASSERT_EQ(model.shards.size(), 2u);
  EXPECT_EQ(model.shards[0].name, "chat");
  EXPECT_EQ(model.shards[1].name, "two");
  EXPECT_EQ(model.shards[1].peers.size(), 1u);
  EXPECT_EQ(model.shards_over_limit, 0u);
}

}  // namespace
}  // namespace fanfare
