// SPDX-License-Identifier: Apache-2.0
// Sockets that are open and not followed: in their shard's coverage as long as they are open,
// whatever else is known of it.
#include <gmock/gmock.h>

#include "agent/model/deltas.h"
#include "agent/model/ledger.h"
#include "agent/ratios/coverage.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SnapshotBuilder;

constexpr std::uint32_t plenty = 1000;

struct DarkSketch {
  std::uint64_t cookie = 1;
  fanfare_dark_reason reason = FANFARE_DARK_NO_ROOM;
  fanfare_spoke spoke = FANFARE_SPOKE;
  std::uint16_t port = 8080;
};

DarkSocket make_dark(const DarkSketch& sketch) {
  DarkSocket dark{.cookie = sketch.cookie};
  dark.socket.reason = sketch.reason;
  dark.socket.spoke = sketch.spoke;
  dark.socket.local_port = sketch.port;
  dark.socket.netns = 1;
  dark.socket.cgroup_id = 1;
  return dark;
}

// One client that is counted, and the dark ones.
Snapshot host(const std::vector<DarkSketch>& dark, bool with_client = true) {
  auto builder = SnapshotBuilder().listener(8080, "node");
  if (with_client) builder.flow({.cookie = 1000});
  auto snapshot = builder.build();
  for (const auto& sketch : dark) snapshot.dark.push_back(make_dark(sketch));
  return snapshot;
}

TEST(DarkSockets, AreInCoverageAsLongAsTheyAreOpen) {
  Ledger ledger({}, plenty);
  const auto model = ledger.advance(host({{.cookie = 1}, {.cookie = 2}, {.cookie = 3}}));
  ASSERT_EQ(model.shards.size(), 1U);
  EXPECT_EQ(sockets_dark(model.shards[0]), 3U);
  EXPECT_EQ(coverage(model.shards[0]), 0.25);
  EXPECT_THAT(model.dark_shard_of, ElementsAre(0U, 0U, 0U));
  EXPECT_EQ(sockets_dark(ledger.advance(host({{.cookie = 2}})).shards[0]), 1U);
  EXPECT_EQ(coverage(ledger.advance(host({})).shards[0]), 1.0);
}

// Nothing else says what is spoken on the port.
TEST(DarkSockets, OneThatHasShownA101MakesTheShard) {
  Ledger ledger({}, plenty);
  EXPECT_THAT(ledger.advance(host({{.spoke = FANFARE_SPOKE}}, false)).shards, IsEmpty());
  const auto model =
      ledger.advance(host({{.reason = FANFARE_DARK_MPTCP, .spoke = FANFARE_IS_CLIENTS}}, false));
  ASSERT_EQ(model.shards.size(), 1U);
  EXPECT_EQ(coverage(model.shards[0]), 0.0);
  EXPECT_EQ(model.shards[0].dark_by_reason[FANFARE_DARK_MPTCP], 1U);
}

TEST(DarkSockets, OfAPortWithoutClientsAreNobodys) {
  Ledger ledger({}, plenty);
  const auto model = ledger.advance(
      host({{.reason = FANFARE_DARK_GIVEN_UP, .spoke = FANFARE_SPOKE, .port = 443}}));
  EXPECT_THAT(model.dark_shard_of, ElementsAre(no_shard));
  EXPECT_EQ(coverage(model.shards[0]), 1.0);
}

// They hide nothing, and may be kept alive for plain HTTP.
TEST(DarkSockets, ThoseThatNothingHasLeftAreNotSpokenOf) {
  Ledger ledger({}, plenty);
  const auto model =
      ledger.advance(host({{.reason = FANFARE_DARK_OLDER, .spoke = FANFARE_SILENT}}));
  EXPECT_EQ(sockets_dark(model.shards[0]), 1U);
  EXPECT_EQ(coverage(model.shards[0]), 1.0);
}

TEST(DarkSockets, AreInWhatIsJudged) {
  Ledger ledger({}, plenty);
  Deltas deltas;
  deltas.advance(host({}), ledger.advance(host({})));
  const auto now = host({{.cookie = 1}, {.cookie = 2, .spoke = FANFARE_SILENT}});
  const auto judged = deltas.advance(now, ledger.advance(now));
  ASSERT_EQ(judged.size(), 1U);
  EXPECT_EQ(judged[0].sockets_dark, 1U);
}

// Between nodes: in the shard of the rule, and none of its clients.
TEST(DarkSockets, OfReplicationAreAFigureOfTheirOwn) {
  ShardRule rule{.name = "chat", .match = {.listen_ports = {8080}, .cgroup = "", .exe = ""}};
  rule.replication = Replication{.ports = {7000}, .peers = {}};
  Ledger ledger({rule}, plenty);
  auto snapshot = host({{.cookie = 1}});
  for (const bool dialled : {true, false}) {
    auto& peer = snapshot.dark.emplace_back(
        make_dark({.cookie = dialled ? 2U : 3U, .spoke = FANFARE_SILENT, .port = 7000}));
    peer.socket.protocol = FANFARE_HASHICORP_RAFT;
    peer.socket.dialled = dialled;
    if (dialled) std::swap(peer.socket.local_port, peer.socket.remote_port);
  }
  const auto model = ledger.advance(snapshot);
  ASSERT_EQ(model.shards.size(), 1U);
  EXPECT_EQ(model.shards[0].replication_dark, 2U);
  EXPECT_EQ(sockets_dark(model.shards[0]), 1U);
  EXPECT_EQ(coverage(model.shards[0]), 0.5);
  EXPECT_THAT(model.dark_shard_of, ElementsAre(0U, 0U, 0U));
  EXPECT_EQ(ledger.advance(host({})).shards[0].replication_dark, 0U);
}

TEST(DarkSockets, EachIsCountedByItsReasonAlone) {
  Ledger ledger({}, plenty);
  std::vector<DarkSketch> all;
  for (unsigned reason = FANFARE_DARK_NO_ROOM; reason < FANFARE_DARK_REASONS; ++reason)
    for (unsigned i = 0; i < reason; ++i)
      all.push_back({.cookie = all.size() + 1, .reason = static_cast<fanfare_dark_reason>(reason)});
  const auto shard = ledger.advance(host(all)).shards.at(0);
  EXPECT_THAT(shard.dark_by_reason, ElementsAre(0U, 1U, 2U, 3U, 4U, 5U));
  EXPECT_EQ(sockets_dark(shard), 15U);
  EXPECT_EQ(coverage(shard), 1.0 / 16);
}

// 6 % of the sockets, and one of a shard that nobody can read.
TEST(DarkSockets, AreInTheirOwnShardAlone) {
  Ledger ledger({}, plenty);
  auto builder = SnapshotBuilder().listener(8080, "node").listener(9090, "other");
  for (std::uint64_t cookie = 1000; cookie < 1047; ++cookie) builder.flow({.cookie = cookie});
  auto snapshot = builder.build();
  for (std::uint64_t cookie = 1; cookie <= 3; ++cookie)
    snapshot.dark.push_back(make_dark({.cookie = cookie, .spoke = FANFARE_IS_CLIENTS}));
  snapshot.dark.push_back(make_dark(
      {.cookie = 4, .reason = FANFARE_DARK_MPTCP, .spoke = FANFARE_IS_CLIENTS, .port = 9090}));
  const auto model = ledger.advance(snapshot);
  ASSERT_EQ(model.shards.size(), 2U);
  EXPECT_EQ(model.shards[0].name, "node:8080");
  EXPECT_EQ(coverage(model.shards[0]), 0.94);
  EXPECT_EQ(coverage(model.shards[1]), 0.0);
  EXPECT_THAT(model.dark_shard_of, ElementsAre(0U, 0U, 0U, 1U));
}

// Adopted: the socket is opened once, and no more dark.
TEST(DarkSockets, OneThatIsAdoptedIsASocketLikeOthers) {
  Ledger ledger({}, plenty);
  ledger.advance(host({{.cookie = 5}}));
  auto snapshot = SnapshotBuilder()
                      .listener(8080, "node")
                      .flow({.cookie = 1000})
                      .flow({.cookie = 5, .events_out = 3})
                      .build();
  const auto model = ledger.advance(snapshot);
  EXPECT_EQ(sockets_dark(model.shards[0]), 0U);
  EXPECT_EQ(model.shards[0].sockets_synced, 2U);
  EXPECT_EQ(model.shards[0].sockets_opened, 2U);
  EXPECT_EQ(model.shards[0].out.messages[FANFARE_EVENT], 3U);
}

}  // namespace
}  // namespace fanfare
