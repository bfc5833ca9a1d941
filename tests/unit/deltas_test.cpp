// SPDX-License-Identifier: Apache-2.0
#include "agent/model/deltas.h"

#include <gmock/gmock.h>

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

struct DeltasTest : testing::Test {
  Deltas deltas;
  Snapshot snapshot;
  Model model;
  Shard& shard() {
    if (model.shards.empty()) model.shards.emplace_back().name = "chat";
    return model.shards.front();
  }
  std::vector<ShardDelta> at(Monotonic now) {
    snapshot.taken = now;
    return deltas.advance(snapshot, model);
  }
};

TEST_F(DeltasTest, AreBetweenTwoSightsAndNotOfWhatWasBefore) {
  shard().in.messages[FANFARE_EVENT] = 1000;
  shard().out.messages[FANFARE_EVENT] = 5000;
  shard().out.messages[FANFARE_CONTROL] = 7;
  shard().commands = 900;
  EXPECT_THAT(at(10s), IsEmpty());
  shard().in.messages[FANFARE_EVENT] = 1003;
  shard().out.messages[FANFARE_EVENT] = 5030;
  shard().out.messages[FANFARE_CONTROL] = 70;
  shard().commands = 904;
  shard().sockets_synced = 8;
  shard().sockets_unsynced = 1;
  shard().replicates = true;
  const auto result = at(11s);
  ASSERT_THAT(result, SizeIs(1));
  const auto& delta = result[0];
  EXPECT_EQ(delta.shard, "chat");
  EXPECT_EQ(delta.at, 11s);
  EXPECT_EQ(delta.span, 1s);
  EXPECT_EQ(delta.accepted, 3u);
  EXPECT_EQ(delta.copies, 30u);
  EXPECT_EQ(delta.commands, 4u);
  EXPECT_EQ(delta.sockets_synced, 8u);
  EXPECT_EQ(delta.sockets_unsynced, 1u);
  EXPECT_TRUE(delta.replicates);
  EXPECT_FALSE(delta.identifies);
}

TEST_F(DeltasTest, WithIdentityTheReachTotalsStandForTheMessages) {
  shard().identifies = true;
  at(1s);
  shard().in.messages[FANFARE_EVENT] = 99;
  shard().out.messages[FANFARE_EVENT] = 999;
  shard().accepted_over_http = 7;
  shard().reach = {.accepted = 3,
                   .reached = 2,
                   .copies = 20,
                   .own_copies = 3,
                   .unidentified = 1,
                   .reached_local = 1};
  const auto delta = at(2s).at(0);
  EXPECT_EQ(delta.published, 106u) << "whether clients publish does not hang on it";
  EXPECT_EQ(delta.accepted, 3u);
  EXPECT_EQ(delta.reached, 2u);
  EXPECT_EQ(delta.copies, 20u);
  EXPECT_EQ(delta.own_copies, 3u);
  EXPECT_EQ(delta.unidentified, 1u);
}

TEST_F(DeltasTest, AMissedTickMakesTheSpanLonger) {
  shard();
  at(1s);
  shard().commands = 60;
  const auto delta = at(4s).at(0);
  EXPECT_EQ(delta.span, 3s);
  EXPECT_EQ(delta.commands, 60u);
}

TEST_F(DeltasTest, ACounterThatFallsStartsAnew) {
  shard().commands = 100;
  shard().losses.out = 9;
  at(1s);
  shard().commands = 5;
  shard().losses.out = 0;
  const auto fallen = at(2s).at(0);
  EXPECT_EQ(fallen.commands, 0u);
  EXPECT_EQ(fallen.losses, LossDelta{});
  shard().commands = 8;
  EXPECT_EQ(at(3s).at(0).commands, 3u);
}

// What another shard of the host has lost is none of this one's.
TEST_F(DeltasTest, LossesAreOfTheShardAndByDirection) {
  shard();
  model.shards.emplace_back().name = "other";
  snapshot.losses[FANFARE_LOSS_HEADER] = 5;
  at(1s);
  snapshot.losses[FANFARE_LOSS_HEADER] = 7;
  shard().losses = {.out = 2, .in = 3};
  shard().replication_losses = {.out = 1, .in = 4};
  const auto both = at(2s);
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(both[0].losses, (LossDelta{.out = 2, .in = 3, .replication = 5}));
  EXPECT_EQ(both[1].losses, LossDelta{});
  EXPECT_EQ(at(3s).at(0).losses, LossDelta{});
}

TEST_F(DeltasTest, PeersBringTheirDeltasAndWhereTheyStand) {
  shard().peers = {
      {.name = "b", .address = "10.0.0.2", .protocol = "hashicorp-raft", .out = {}, .in = {}}};
  auto& peer = shard().peers[0];
  peer.out.entries = 10;
  at(1s);
  peer.out = {.append = 2, .append_empty = 1, .heartbeat = 3, .entries = 14, .answers = 6};
  peer.in = {.vote = 1, .entries = 2};
  peer.sent_index = 114;
  peer.confirmed_index = 113;
  peer.sockets_synced = 2;
  peer.sockets_unsynced = 1;
  const auto known = at(2s).at(0).peers.at(0);
  EXPECT_EQ(known.name, "b");
  EXPECT_EQ(known.entries_out, 4u);
  EXPECT_EQ(known.entries_in, 2u);
  EXPECT_EQ(known.rpcs_out, 6u);
  EXPECT_EQ(known.rpcs_in, 1u);
  EXPECT_EQ(known.answers_in, 6u);
  EXPECT_EQ(known.sent_index, 114u);
  EXPECT_EQ(known.confirmed_index, 113u);
  EXPECT_EQ(known.sockets, 3u);

  shard().peers.push_back(shard().peers[0]);
  shard().peers[1].name = "c";
  const auto peers = at(3s).at(0).peers;
  ASSERT_THAT(peers, SizeIs(2));
  EXPECT_EQ(peers[0].entries_out, 0u);
  EXPECT_EQ(peers[1].entries_out, 14u);  // new: all of it since the shard was last seen
}

TEST_F(DeltasTest, AShardThatWasAwayBringsNothingOfThatTime) {
  shard().commands = 10;
  at(1s);
  const auto kept = model.shards;
  model.shards.clear();
  EXPECT_THAT(at(2s), IsEmpty());
  model.shards = kept;
  shard().commands = 90;
  EXPECT_THAT(at(3s), IsEmpty());
  shard().commands = 91;
  EXPECT_EQ(at(4s).at(0).commands, 1u);
}

}  // namespace
}  // namespace fanfare
