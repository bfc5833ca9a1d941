// SPDX-License-Identifier: Apache-2.0
// Publishes by HTTP and streams of events, from sockets' counters to shards' totals and exports.
#include <gmock/gmock.h>

#include "agent/exports/propagation.h"
#include "agent/model/deltas.h"
#include "agent/model/ledger.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using ::testing::IsEmpty;
using testing::SnapshotBuilder;

constexpr std::uint32_t plenty = 1000;

SnapshotBuilder node() { return SnapshotBuilder().listener(8080, "node").listener(8081, "api"); }

// A socket on 8081 that publishes; one on 8080 that is a WebSocket.
Snapshot with_publisher(std::uint64_t accepted, fanfare_life life = FANFARE_LIVE) {
  auto snapshot = node()
                      .flow({.cookie = 1, .events_out = 5, .events_in = 2})
                      .flow({.cookie = 2,
                             .port = 8081,
                             .stage = FANFARE_STAGE_RESPONSE,
                             .flags = FANFARE_SEQ_KNOWN,
                             .life = life})
                      .build();
  snapshot.flows[1].exchanges.accepted = accepted;
  return snapshot;
}

Ledger chat() {
  return Ledger(
      {{.name = "chat", .match = {.listen_ports = {8080, 8081}, .cgroup = {}, .exe = {}}}}, plenty);
}

TEST(LedgerHttp, PublishesAreAcceptedAndTheirSocketsAreNoClients) {
  auto ledger = chat();
  Deltas deltas;
  deltas.advance(with_publisher(3), ledger.advance(with_publisher(3)));
  const auto model = ledger.advance(with_publisher(7));
  ASSERT_EQ(model.shards.size(), 1U);
  const Shard& shard = model.shards[0];
  EXPECT_EQ(shard.accepted_over_http, 7U);
  EXPECT_EQ(shard.in.messages[FANFARE_EVENT], 2U);
  EXPECT_EQ(events_accepted(shard), 9U);
  EXPECT_EQ(events_due(shard), 9U);
  EXPECT_EQ(shard.sockets_opened, 1U);
  EXPECT_EQ(shard.sockets_synced, 1U);
  EXPECT_EQ(shard.sockets_unsynced, 0U);
  EXPECT_THAT(model.shard_of, ::testing::ElementsAre(0U, 0U)) << "it is listed all the same";
  EXPECT_EQ(deltas.advance(with_publisher(7), model).at(0).accepted, 4U);
}

// Whoever reads events on the port is a client by the configuration, before any stream was found.
TEST(LedgerHttp, StreamsOlderThanTheAgentAreUnsyncedOnceTheySend) {
  for (const auto stage : {FANFARE_STAGE_SEARCH, FANFARE_STAGE_HTTP_WAIT}) {
    auto ledger = chat();
    const auto unsynced = [&](std::uint8_t flags, std::uint8_t wanted) {
      auto snapshot = node().flow({.cookie = 1, .stage = stage, .flags = flags}).build();
      snapshot.flows[0].exchanges.wanted = wanted;
      const auto model = ledger.advance(snapshot);
      return model.shards.empty() ? 0U : model.shards[0].sockets_unsynced;
    };
    EXPECT_EQ(unsynced(FANFARE_OLD, FANFARE_WANT_EVENT_STREAMS), 0U) << "has sent nothing";
    EXPECT_EQ(unsynced(FANFARE_OLD | FANFARE_SEQ_KNOWN, 0), 0U) << "its port is not of events";
    EXPECT_EQ(unsynced(FANFARE_OLD | FANFARE_SEQ_KNOWN, FANFARE_WANT_EVENT_STREAMS), 1U);
  }
}

TEST(LedgerHttp, WithIdentityTheDenominatorOfReachStaysWhatItWas) {
  auto ledger = Ledger({{.name = "chat",
                         .match = {.listen_ports = {8080, 8081}, .cgroup = {}, .exe = {}},
                         .identity = {Identity::Kind::payload, {}}}},
                       plenty);
  const auto model = ledger.advance(with_publisher(7));
  EXPECT_EQ(events_due(model.shards.at(0)), 0U);
  EXPECT_EQ(events_accepted(model.shards[0]), 9U);
}

TEST(LedgerHttp, AcceptedOutlivesTheSocketAndCountsOnce) {
  auto ledger = chat();
  ledger.advance(with_publisher(3));
  ledger.advance(with_publisher(4, FANFARE_CLOSED));
  ledger.advance(with_publisher(4, FANFARE_CLOSED));
  const auto model = ledger.advance(node().flow({.cookie = 1}).build());
  EXPECT_EQ(model.shards.at(0).accepted_over_http, 4U);
}

TEST(LedgerHttp, HttpWithoutPublishIsNobody) {
  auto ledger = chat();
  auto snapshot =
      node().flow({.cookie = 2, .port = 8081, .stage = FANFARE_STAGE_RESPONSE, .flags = 0}).build();
  EXPECT_THAT(ledger.advance(snapshot).shards, IsEmpty());
}

// The head of a stream makes the client; between two streams it is in step, and one that cannot be
// read any more is not forgotten.
TEST(LedgerHttp, AStreamOfEventsIsAClient) {
  auto ledger = chat();
  const auto with = [&](fanfare_stage stage) {
    auto snapshot =
        node()
            .flow({.cookie = 1, .events_out = 4, .stage = stage, .flags = FANFARE_SEQ_KNOWN})
            .build();
    snapshot.flows[0].protocol = FANFARE_SSE;
    snapshot.flows[0].exchanges.streams = 1;
    return ledger.advance(snapshot).shards.at(0);
  };
  auto shard = with(FANFARE_STAGE_EVENT_STREAM);
  EXPECT_EQ(shard.sockets_synced, 1U);
  EXPECT_EQ(shard.out.messages[FANFARE_EVENT], 4U);
  EXPECT_EQ(with(FANFARE_STAGE_RESPONSE).sockets_synced, 1U);
  shard = with(FANFARE_STAGE_HTTP_WAIT);
  EXPECT_EQ(shard.sockets_unsynced, 1U);
  EXPECT_EQ(shard.sockets_opened, 1U);
}

TEST(LedgerHttp, OnAPortWithStreamsAnOlderSocketIsUnsynced) {
  auto ledger = chat();
  auto snapshot = node()
                      .flow({.cookie = 1, .stage = FANFARE_STAGE_EVENT_STREAM, .flags = 0})
                      .flow({.cookie = 2, .stage = FANFARE_STAGE_HTTP_WAIT, .flags = FANFARE_OLD})
                      .build();
  snapshot.flows[0].exchanges.streams = 1;
  EXPECT_EQ(ledger.advance(snapshot).shards.at(0).sockets_unsynced, 1U);
}

}  // namespace
}  // namespace fanfare
