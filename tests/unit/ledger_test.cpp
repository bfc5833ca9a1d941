// SPDX-License-Identifier: Apache-2.0
// From sockets' cumulative counters to shards' totals: nothing is lost, nothing counts twice.
#include "agent/model/ledger.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "bpf/tcp_states.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using testing::FlowSketch;
using ::testing::IsEmpty;
using testing::SnapshotBuilder;

constexpr std::uint32_t plenty = 1000;

std::uint64_t events_out(const Shard& shard) { return shard.out.messages[FANFARE_EVENT]; }

SnapshotBuilder node() { return SnapshotBuilder().listener(8080, "node"); }

TEST(Ledger, CountsOfAShardAreThoseOfItsSockets) {
  Ledger ledger({}, plenty);
  const auto model = ledger.advance(node()
                                        .flow({.cookie = 1, .events_out = 5, .events_in = 1})
                                        .flow({.cookie = 2, .events_out = 7, .events_in = 2})
                                        .build());
  ASSERT_EQ(model.shards.size(), 1u);
  EXPECT_EQ(model.shards[0].name, "node:8080");
  EXPECT_EQ(events_out(model.shards[0]), 12u);
  EXPECT_EQ(model.shards[0].in.messages[FANFARE_EVENT], 3u);
  EXPECT_EQ(model.shards[0].sockets_synced, 2u);
  EXPECT_EQ(model.shards[0].sockets_opened, 2u);
  EXPECT_THAT(model.shard_of, ElementsAre(0u, 0u));
}

// Over IPv6 a selftest has no address of its own; its process is known.
TEST(Ledger, OfASelftestNothingIsCounted) {
  Ledger ledger({}, plenty);
  const FlowSketch client{.cookie = 1, .events_out = 5};
  const FlowSketch test{.cookie = 2, .port = 9999, .events_out = 500};
  const auto model =
      ledger.advance(node().listener(9999, "fanfare").flow(client).flow(test).build());
  ASSERT_EQ(model.shards.size(), 1U);
  EXPECT_EQ(events_out(model.shards[0]), 5U);
  EXPECT_THAT(model.shard_of, ElementsAre(0U, tests_shard));
}

// On a port that the configuration names each connection is a row, however far it gets.
TEST(Ledger, OfMqttEachConnectionOnItsPortIsThere) {
  const ShardRule rule{.name = "room",
                       .match = {.listen_ports = {8080}, .cgroup = {}, .exe = {}},
                       .protocol = ClientProtocol::mqtt};
  Ledger ledger({rule}, plenty);
  FlowSketch client{.cookie = 1,
                    .stage = FANFARE_STAGE_PACKETS,
                    .flags = FANFARE_SEQ_KNOWN,
                    .protocol = FANFARE_MQTT};
  EXPECT_EQ(ledger.advance(node().flow(client).build()).shards.at(0).sockets_synced, 1U);
  client.events_out = 3;
  FlowSketch searched = client;
  searched.cookie = 2;
  searched.stage = FANFARE_STAGE_PACKET_SEARCH;
  const auto model = ledger.advance(node().flow(client).flow(searched).build());
  ASSERT_EQ(model.shards.size(), 1U);
  EXPECT_EQ(model.shards[0].protocol, FANFARE_MQTT);
  EXPECT_EQ(model.shards[0].sockets_synced, 1U);
  EXPECT_EQ(model.shards[0].sockets_unsynced, 1U);
  EXPECT_EQ(events_out(model.shards[0]), 6U);
}

TEST(Ledger, TotalsOutliveTheirSockets) {
  Ledger ledger({}, plenty);
  ledger.advance(node().flow({.cookie = 1, .events_out = 5}).build());
  const FlowSketch closed{.cookie = 1, .events_out = 9, .life = FANFARE_CLOSED};
  ledger.advance(node().flow(closed).build());
  ledger.advance(node().flow(closed).build());  // the reader hands final counts out twice
  const auto model = ledger.advance(node().build());
  EXPECT_EQ(events_out(model.shards.at(0)), 9u);
  EXPECT_EQ(model.shards[0].sockets_synced, 0u);
  EXPECT_EQ(model.shards[0].closed_by_local, 1u);
}

TEST(Ledger, ACookieThatComesBackStartsAnew) {
  Ledger ledger({}, plenty);
  ledger.advance(node().flow({.cookie = 1, .events_out = 5}).build());
  ledger.advance(node().build());
  for (int i = 0; i < 20; ++i) ledger.advance(node().build());
  const auto model = ledger.advance(node().flow({.cookie = 1, .events_out = 2}).build());
  EXPECT_EQ(events_out(model.shards.at(0)), 7u);
}

TEST(Ledger, ASocketThatWasBornAndDiedBetweenTwoTicksIsCounted) {
  Ledger ledger({}, plenty);
  const auto model =
      ledger.advance(node().flow({.cookie = 1, .events_out = 4, .life = FANFARE_CLOSED}).build());
  EXPECT_EQ(events_out(model.shards.at(0)), 4u);
  EXPECT_EQ(model.shards[0].sockets_opened, 1u);
}

TEST(Ledger, AVoidedLockNeverMakesACounterFallAndIsPaidBack) {
  Ledger ledger({}, plenty);
  ledger.advance(node().flow({.cookie = 1, .events_out = 10}).build());
  auto model = ledger.advance(node().flow({.cookie = 1, .events_out = 7}).build());
  EXPECT_EQ(events_out(model.shards.at(0)), 10u);
  model = ledger.advance(node().flow({.cookie = 1, .events_out = 9}).build());
  EXPECT_EQ(events_out(model.shards.at(0)), 10u);
  model = ledger.advance(node().flow({.cookie = 1, .events_out = 12}).build());
  EXPECT_EQ(events_out(model.shards.at(0)), 12u);
}

TEST(Ledger, APortWithoutASignOfWebSocketIsNoShard) {
  Ledger ledger({}, plenty);
  const FlowSketch searching{.cookie = 1, .stage = FANFARE_STAGE_SEARCH, .flags = FANFARE_OLD};
  const FlowSketch unproven{.cookie = 2, .flags = FANFARE_OLD, .probation = 3};
  const auto model = ledger.advance(node().flow(searching).flow(unproven).build());
  EXPECT_THAT(model.shards, IsEmpty());
  EXPECT_THAT(model.shard_of, ElementsAre(no_shard, no_shard));
}

TEST(Ledger, AProvenLockMakesTheShardAndItsOlderSocketsUnsynced) {
  Ledger ledger({}, plenty);
  const FlowSketch searching{.cookie = 1, .stage = FANFARE_STAGE_SEARCH, .flags = FANFARE_OLD};
  const FlowSketch proven{.cookie = 2, .events_out = 16, .flags = FANFARE_OLD};
  const auto model = ledger.advance(node().flow(searching).flow(proven).build());
  EXPECT_EQ(model.shards.at(0).sockets_unsynced, 1u);
  EXPECT_EQ(model.shards[0].sockets_synced, 1u);
  EXPECT_EQ(events_out(model.shards[0]), 16u);
}

TEST(Ledger, AnOlderSocketIsSilentUntilSomethingLeavesByIt) {
  const FlowSketch proven{.cookie = 2, .events_out = 16, .flags = FANFARE_OLD};
  FlowSketch older{.cookie = 1, .stage = FANFARE_STAGE_SEARCH, .flags = FANFARE_OLD};
  Ledger ledger({}, plenty);
  EXPECT_EQ(ledger.advance(node().flow(older).flow(proven).build()).shards.at(0).sockets_silent,
            1u);
  older.flags |= FANFARE_SEQ_KNOWN;
  const auto model = ledger.advance(node().flow(older).flow(proven).build());
  EXPECT_EQ(model.shards.at(0).sockets_silent, 0u);
  EXPECT_EQ(model.shards[0].sockets_unsynced, 1u);
}

TEST(Ledger, AnUpgradeOnProbationIsBelievedWhenProvenOrEnded) {
  const FlowSketch fresh{.cookie = 1, .events_out = 3, .probation = 7};
  Ledger ledger({}, plenty);
  EXPECT_THAT(ledger.advance(node().flow(fresh).build()).shards, IsEmpty());
  auto ended = fresh;
  ended.life = FANFARE_CLOSED;
  EXPECT_EQ(events_out(ledger.advance(node().flow(ended).build()).shards.at(0)), 3u);

  Ledger proving({}, plenty);
  auto proven = fresh;
  proven.probation = 0;
  EXPECT_EQ(events_out(proving.advance(node().flow(proven).build()).shards.at(0)), 3u);
}

TEST(Ledger, PlainHttpOnAChatPortIsNoClient) {
  Ledger ledger({}, plenty);
  const auto model =
      ledger.advance(node()
                         .flow({.cookie = 1})
                         .flow({.cookie = 2, .stage = FANFARE_STAGE_HTTP, .flags = 0})
                         .build());
  EXPECT_EQ(model.shards.at(0).sockets_synced, 1u);
  EXPECT_EQ(model.shards[0].sockets_unsynced, 0u);
}

TEST(Ledger, ClosesAreSortedByWhoEndedThem) {
  struct Case {
    std::uint32_t sk_err;
    std::uint8_t state;
    std::uint64_t Shard::*counter;
  };
  const Case cases[] = {
      {0, FANFARE_TCP_LAST_ACK, &Shard::closed_by_peer},
      {ECONNRESET, FANFARE_TCP_ESTABLISHED, &Shard::closed_by_peer},
      {0, FANFARE_TCP_FIN_WAIT2, &Shard::closed_by_local},
      {0, FANFARE_TCP_ESTABLISHED, &Shard::closed_by_local},
      {ECONNABORTED, FANFARE_TCP_ESTABLISHED, &Shard::closed_by_local},
      {ETIMEDOUT, FANFARE_TCP_ESTABLISHED, &Shard::closed_by_timeout},
      {EHOSTUNREACH, FANFARE_TCP_ESTABLISHED, &Shard::closed_by_timeout},
  };
  for (const auto& one : cases) {
    Ledger ledger({}, plenty);
    const auto model = ledger.advance(node()
                                          .flow({.cookie = 1,
                                                 .life = FANFARE_CLOSED,
                                                 .close_state = one.state,
                                                 .sk_err = one.sk_err})
                                          .build());
    const auto& shard = model.shards.at(0);
    EXPECT_EQ(shard.*one.counter, 1u) << one.sk_err << " from state " << int(one.state);
    EXPECT_EQ(shard.closed_by_peer + shard.closed_by_local + shard.closed_by_timeout, 1u);
  }
}

TEST(Ledger, AnUnknownListenerIsWaitedForAndLosesNothing) {
  Ledger ledger({}, plenty);
  EXPECT_THAT(ledger.advance(SnapshotBuilder().flow({.events_out = 3}).build()).shards, IsEmpty());
  const auto model = ledger.advance(node().flow({.events_out = 5}).build());
  ASSERT_EQ(model.shards.size(), 1u);
  EXPECT_EQ(model.shards[0].name, "node:8080");
  EXPECT_EQ(events_out(model.shards[0]), 5u);
}

TEST(Ledger, AListenerThatStaysUnknownIsNamedSoAndAClosingSocketAtOnce) {
  Ledger ledger({}, plenty);
  Model model;
  for (int tick = 0; tick < 6; ++tick)
    model = ledger.advance(SnapshotBuilder().flow({.events_out = 3}).build());
  EXPECT_EQ(model.shards.at(0).name, "unknown:8080");

  Ledger hasty({}, plenty);
  model = hasty.advance(SnapshotBuilder().flow({.events_out = 3, .life = FANFARE_CLOSED}).build());
  EXPECT_EQ(events_out(model.shards.at(0)), 3u);
}

TEST(Ledger, ASocketKeepsItsShardWhenItsListenerGoes) {
  Ledger ledger({}, plenty);
  ledger.advance(node().flow({.events_out = 3}).build());
  const auto model = ledger.advance(SnapshotBuilder().flow({.events_out = 4}).build());
  ASSERT_EQ(model.shards.size(), 1u);
  EXPECT_EQ(events_out(model.shards[0]), 4u);
}

TEST(Ledger, TheNumberOfShardsIsBoundedAndTheRestIsCounted) {
  Ledger ledger({}, 2);
  auto builder = SnapshotBuilder();
  for (std::uint16_t i = 0; i < 5; ++i)
    builder.listener(static_cast<std::uint16_t>(9000 + i), "chat")
        .flow({.cookie = 1u + i, .port = static_cast<std::uint16_t>(9000 + i), .events_out = 1});
  const auto model = ledger.advance(builder.build());
  std::uint64_t total = 0, other = 0;
  for (const auto& shard : model.shards) {
    total += events_out(shard);
    if (shard.name == "other") other = events_out(shard);
  }
  EXPECT_EQ(total, 5u);
  EXPECT_EQ(other, 3u);
  EXPECT_EQ(model.shards.size(), 3u);
  EXPECT_EQ(model.shards_over_limit, 3u);
}

TEST(Ledger, AReloadMovesWhatIsCountedFromThenOn) {
  Ledger ledger({}, plenty);
  ledger.advance(node().flow({.events_out = 3}).build());
  ledger.set_rules({{.name = "eu", .match = {.listen_ports = {8080}, .cgroup = "", .exe = ""}}},
                   plenty);
  const auto model = ledger.advance(node().flow({.events_out = 10}).build());
  ASSERT_EQ(model.shards.size(), 2u);
  EXPECT_EQ(model.shards[0].name, "eu");
  EXPECT_EQ(events_out(model.shards[0]), 7u);
  EXPECT_EQ(events_out(model.shards[1]), 3u);
}

}  // namespace
}  // namespace fanfare
