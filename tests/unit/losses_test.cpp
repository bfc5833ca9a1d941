// SPDX-License-Identifier: Apache-2.0
// Losses belong to a shard and a direction: from the counters of sockets and ports to its totals.
#include <gmock/gmock.h>

#include <chrono>

#include "agent/kernel/port_losses.h"
#include "agent/model/ledger.h"
#include "agent/model/losses.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace testing;

constexpr std::uint32_t plenty = 1000;

struct LossesTest : ::testing::Test {
  // Two servers of WebSocket on ports of their own, and the raft port of the first.
  Snapshot world() {
    return SnapshotBuilder()
        .listener(8080, "one")
        .listener(8090, "two")
        .flow({.cookie = 1, .port = 8080, .events_out = 3})
        .flow({.cookie = 2, .port = 8090, .events_out = 3})
        .raft({.cookie = 3, .first = 1, .last = 5})
        .raft({.cookie = 4, .dialled = false})
        .build();
  }
  Shard shard(std::size_t at) { return model.shards.at(at); }
  void tick(Snapshot snapshot) { model = ledger.advance(snapshot); }

  static std::vector<ShardRule> rules() {
    ShardRule one, two;
    one.name = "one";
    one.match.listen_ports = {8080};
    one.replication.emplace().ports = {7000};
    two.name = "two";
    two.match.listen_ports = {8090};
    return {one, two};
  }
  Ledger ledger{rules(), plenty};
  Model model;
};

TEST_F(LossesTest, ABadFrameOnServerBIsNoneOfServerA) {
  auto snapshot = world();
  tick(snapshot);
  snapshot.flows[1].in.losses = 2;
  snapshot.flows[1].in.lost_by = FANFARE_LOSS_BAD_FRAME;
  tick(snapshot);
  snapshot.flows[1].out.losses = 1;
  tick(snapshot);
  tick(snapshot);
  EXPECT_EQ(shard(0).losses, Losses{});
  EXPECT_EQ(shard(1).losses, (Losses{.out = 1, .in = 2, .last = FANFARE_LOSS_BAD_FRAME}));
  EXPECT_EQ(model.lost_from_clients[FANFARE_LOSS_BAD_FRAME], 2U);
}

TEST_F(LossesTest, TheCounterOfASocketWraps) {
  auto snapshot = world();
  snapshot.flows[0].out.losses = 65530;
  tick(snapshot);
  snapshot.flows[0].out.losses = 4;
  tick(snapshot);
  EXPECT_EQ(shard(0).losses.out, 65540U);
}

TEST_F(LossesTest, WhatAPeerHasLostIsOfReplication) {
  auto snapshot = world();
  tick(snapshot);
  snapshot.flows[2].in.losses = 3;
  tick(snapshot);
  EXPECT_EQ(shard(0).losses, Losses{});
  EXPECT_EQ(shard(0).replication_losses.in, 3U);
  ASSERT_EQ(shard(0).peers.size(), 1U);
  EXPECT_EQ(shard(0).peers[0].losses.in, 3U);
}

// Its first bytes were no RPC: no peer, no series, nothing lost; counted once.
TEST_F(LossesTest, AProbeOnTheReplicationPortIsAStranger) {
  auto snapshot = world();
  auto& probe = snapshot.flows[3];
  probe.in.stage = probe.out.stage = FANFARE_STAGE_DISMISSED;
  probe.in.lost_by = FANFARE_LOSS_NOT_A_PEER;
  for (int i = 0; i < 3; ++i) tick(snapshot);
  EXPECT_EQ(shard(0).strangers, 1U);
  EXPECT_EQ(shard(0).replication_losses, Losses{});
  EXPECT_EQ(shard(0).peers.size(), 1U);
}

TEST_F(LossesTest, WithoutARecordByThePort) {
  auto snapshot = world();
  const auto lost = [&](std::uint16_t port, fanfare_way way, std::uint64_t count) {
    snapshot.port_losses.push_back(
        {{.netns = 1, .port = port, .way = way, .reason = FANFARE_LOSS_FLOW_MAP_FULL}, count});
  };
  lost(8080, FANFARE_WAY_OUT, 5);
  lost(8080, FANFARE_WAY_IN, 2);
  lost(7000, FANFARE_WAY_OUT, 1);
  lost(9999, FANFARE_WAY_OUT, 7);  // nobody's
  tick(snapshot);
  tick(snapshot);
  EXPECT_EQ(shard(0).losses, (Losses{.out = 6, .in = 2, .last = FANFARE_LOSS_FLOW_MAP_FULL}));
  EXPECT_EQ(shard(1).losses, Losses{});
  snapshot.port_losses[0].count = 9;
  tick(snapshot);
  EXPECT_EQ(shard(0).losses.out, 10U);
}

// The kernel has given up what nobody asked for, and begins again.
TEST_F(LossesTest, OfAPortThatWasForgottenBeginAnew) {
  auto snapshot = world();
  const auto set = [&](std::uint16_t port, std::uint64_t count) {
    snapshot.port_losses.push_back(
        {{.netns = 1, .port = port, .way = FANFARE_WAY_OUT, .reason = FANFARE_LOSS_FLOW_MAP_FULL},
         count});
  };
  set(8080, 5);
  set(8090, 4);
  tick(snapshot);
  snapshot.port_losses.clear();
  set(8090, 4);
  tick(snapshot);
  set(8080, 7);  // more than there were
  tick(snapshot);
  EXPECT_EQ(shard(0).losses.out, 12U);
  snapshot.port_losses.clear();
  set(8080, 2);  // forgotten and there again between two looks
  set(8090, 4);
  tick(snapshot);
  EXPECT_EQ(shard(0).losses.out, 14U);
  EXPECT_EQ(shard(1).losses.out, 4U);
}

// Who listens, has listened lately or is connected may still be asked for.
TEST(PortLosses, AreOfNobodyWhereNobodyListensAndNothingIsOpen) {
  auto snapshot = SnapshotBuilder()
                      .listener(8080, "one")
                      .flow({.cookie = 1, .port = 8081})
                      .raft({.cookie = 2, .dialled = true})
                      .build();
  auto owners = std::make_shared<Owners>(*snapshot.owners);
  owners->ended[{1, 8082}] = {};
  snapshot.owners = owners;
  auto& dark = snapshot.dark.emplace_back();
  dark.socket.netns = 1;
  dark.socket.local_port = 8083;
  for (const std::uint16_t port : {8080, 8081, 8082, 8083, 7000, 8084})
    for (const std::uint32_t netns : {1U, 2U})
      snapshot.port_losses.push_back({{.netns = netns, .port = port, .way = 0, .reason = 1}, 1});
  std::vector<ListenerKey> found;
  for (const auto& loss : losses_of_nobody(snapshot)) found.push_back({loss.netns, loss.port});
  EXPECT_THAT(found, ::testing::ElementsAre(ListenerKey{2, 8080}, ListenerKey{2, 8081},
                                            ListenerKey{2, 8082}, ListenerKey{2, 8083},
                                            ListenerKey{2, 7000}, ListenerKey{1, 8084},
                                            ListenerKey{2, 8084}));
}

TEST(RecentLosses, AreThoseOfTheLastMinute) {
  RecentLosses recent;
  EXPECT_EQ(recent.advance(1s, {.out = 2}, {}), (LossDelta{.out = 2}));
  EXPECT_EQ(recent.advance(30s, {.out = 2, .in = 3}, {.out = 1, .in = 4}),
            (LossDelta{.out = 2, .in = 3, .replication = 5}));
  EXPECT_EQ(recent.advance(61s, {.out = 2, .in = 3}, {.out = 1, .in = 4}),
            (LossDelta{.in = 3, .replication = 5}));
  EXPECT_EQ(recent.advance(90s, {.out = 2, .in = 3}, {.out = 1, .in = 4}), LossDelta{});
}

}  // namespace
}  // namespace fanfare
