// SPDX-License-Identifier: Apache-2.0
// `expected: true`: from what the owner scan saw to the alert.
#include "agent/model/presence.h"

#include <gmock/gmock.h>

#include "agent/model/deltas.h"
#include "agent/model/ledger.h"
#include "agent/ratios/judge.h"
#include "tests/support/snapshots.h"
#include "tests/unit/clocked_board.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::pod_cgroup;
using testing::SnapshotBuilder;

ShardRule expected_rule(ShardMatch match) {
  ShardRule rule{"chat", std::move(match)};
  rule.expected = true;
  return rule;
}

ShardRule expected_on(std::uint16_t port) { return expected_rule({{port}, "", ""}); }

Presence presence(const ShardRule& rule, SnapshotBuilder built) {
  const auto snapshot = built.build();
  const std::vector<ShardRule> rules{rule, {"mail", {{25}, "", ""}}};
  return presence_of(rules[0], rules, *snapshot.owners, *snapshot.pods);
}

TEST(Presence, IsUnknownBeforeTheFirstScanAndOfWhatIsNotExpected) {
  auto rule = expected_on(8080);
  EXPECT_EQ(presence(rule, SnapshotBuilder()), Presence{});
  EXPECT_TRUE(presence(rule, SnapshotBuilder().scanned()).expected);
  EXPECT_FALSE(presence(rule, SnapshotBuilder().scanned(false)).expected)
      << "the host's processes are not seen";
  rule.expected = false;
  EXPECT_EQ(presence(rule, SnapshotBuilder().scanned().listener(8080, "chatd")), Presence{});
}

TEST(Presence, CountsTheListenersThatAreOfTheShard) {
  const auto node = [] {
    return SnapshotBuilder()
        .scanned()
        .listener(8080, "chatd", 1, "/bin/chatd", 5)
        .listener(8080, "chatd", 2, "/bin/chatd", 6)
        .listener(25, "maild")
        .cgroup(5, "/chat/a")
        .cgroup(6, "/other");
  };
  EXPECT_EQ(presence(expected_on(8080), node()).listeners, 2U);
  EXPECT_EQ(presence(expected_rule({{8080}, "/chat", ""}), node()).listeners, 1U);
  EXPECT_EQ(presence(expected_rule({{}, "", "/bin/chatd"}), node()).listeners, 2U);
  EXPECT_EQ(presence(expected_on(8081), node()).listeners, 0U);
  EXPECT_EQ(presence(expected_rule({{8080}, "", "/bin/x"}), node()).listeners, 0U);
}

TEST(Presence, WithLabelsOnlyWhereSuchAPodIsPlaced) {
  const auto rule = expected_rule({{}, "", "", {{"app", "chat"}}});
  const auto node = [] { return SnapshotBuilder().scanned().cgroup(1, pod_cgroup()); };
  EXPECT_FALSE(presence(rule, node()).expected) << "no pod";
  EXPECT_FALSE(presence(rule, node().pod("mail-0", {{"app", "mail"}})).expected);
  EXPECT_FALSE(
      presence(rule, node().pod("chat-0", {{"app", "chat"}}, testing::pod_uid, true)).expected)
      << "it has ended";
  const auto here = presence(rule, node().pod("chat-0", {{"app", "chat"}}));
  EXPECT_TRUE(here.expected);
  EXPECT_EQ(here.listeners, 0U) << "a container that crashes at its start";
  EXPECT_EQ(presence(rule, node().pod("chat-0", {{"app", "chat"}}).listener(80, "chatd")).listeners,
            1U);
}

// From snapshots, a second apart, to alerts.
struct Host {
  explicit Host(ShardRule rule) : ledger({std::move(rule)}, 10) {}
  std::vector<std::string> tick(int times, const SnapshotBuilder& built) {
    const auto builder = built;
    for (int i = 0; i < times; ++i) {
      auto snapshot = SnapshotBuilder(builder).build();
      snapshot.taken = board.now + std::chrono::seconds(1);
      board.tick(judge.advance(deltas.advance(snapshot, ledger.advance(snapshot))));
    }
    return board.list();
  }
  Ledger ledger;
  Deltas deltas;
  Judge judge;
  sample::Clocked board;
};

const SnapshotBuilder nobody = SnapshotBuilder().scanned();

TEST(Presence, NobodyListeningForTwoMinutesPages) {
  Host host(expected_on(8080));
  host.tick(2, nobody);  // between two snapshots the first delta
  EXPECT_THAT(host.tick(119, nobody), ElementsAre("FanfareServerAbsent pending critical"));
  EXPECT_THAT(host.tick(1, nobody), ElementsAre("FanfareServerAbsent firing critical"));
  const auto& alert = host.board.alerts[0];
  EXPECT_EQ(alert.shard, "chat");
  EXPECT_EQ(alert.step, "accept");
  EXPECT_EQ(alert.value, 1);
  EXPECT_EQ(alert.summary, "Nobody serves shard chat on this node.");
  EXPECT_EQ(alert.why,
            "The configuration expects it (expected: true). Nobody on this host listens for it, "
            "and neither a client nor a peer is connected: a deploy that fails before its process "
            "starts looks like this.");
  EXPECT_THAT(alert.next, HasSubstr("Run `fanfare explain chat`"));
  auto back = nobody;
  back.listener(8080, "chatd");
  EXPECT_THAT(host.tick(59, back), ElementsAre("FanfareServerAbsent firing critical"));
  EXPECT_THAT(host.tick(2, back), ElementsAre("FanfareServerAbsent resolved critical"));
}

TEST(Presence, AListenerAClientOrAPeerIsEnough) {
  auto rule = expected_on(8080);
  rule.replication =
      Replication{.protocol = ReplicationProtocol::hashicorp_raft, .ports = {7000}, .peers = {}};
  auto listens = nobody, serves = nobody, replicates = nobody;
  listens.listener(8080, "chatd");
  serves.flow({.port = 8080});
  replicates.raft({.dialled = true});
  for (const auto& built : {listens, serves, replicates}) {
    Host host(rule);
    EXPECT_THAT(host.tick(130, built), IsEmpty());
    EXPECT_THAT(host.tick(125, nobody), ::testing::Contains("FanfareServerAbsent firing critical"));
  }
}

TEST(Presence, ARestartOfTheServerIsBorne) {
  Host host(expected_on(8080));
  auto there = nobody;
  there.listener(8080, "chatd");
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(host.tick(10, there), IsEmpty());
    host.tick(100, nobody);
  }
  EXPECT_THAT(host.tick(60, there), IsEmpty());
}

TEST(Presence, AnExpectedShardIsThereFromTheFirstTick) {
  Ledger ledger({expected_on(8080)}, 10);
  const auto model = ledger.advance(SnapshotBuilder().build());
  ASSERT_EQ(model.shards.size(), 1U);
  EXPECT_EQ(model.shards[0].name, "chat");
  EXPECT_TRUE(model.shards[0].expected);
}

TEST(Presence, AfterAReloadItMayBeExpectedNoLonger) {
  Host host(expected_on(8080));
  host.tick(125, nobody);
  auto rule = expected_on(8080);
  rule.expected = false;
  host.ledger.set_rules({rule}, 10);
  EXPECT_THAT(host.tick(61, nobody), ElementsAre("FanfareServerAbsent resolved critical"));
}

}  // namespace
}  // namespace fanfare
