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
  return presences_of(rules, *snapshot.owners, *snapshot.pods).at(0);
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

TEST(Presence, APodThatIsAskedToGoIsNotMissed) {
  const std::vector<ShardRule> rules{expected_rule({{}, "", "", {{"app", "chat"}}})};
  const auto owners = SnapshotBuilder().scanned().build().owners;
  Pod pod{.uid = "u", .name_space = "chat", .name = "chat-0", .node = "node-a"};
  pod.labels = {{"app", "chat"}};
  for (const bool leaving : {false, true}) {
    pod.leaving = leaving;
    const PodTable pods(std::map<std::string, Pod>{{"u", pod}});
    EXPECT_EQ(presences_of(rules, *owners, pods).at(0).expected, !leaving);
  }
}

TEST(Presence, TheAgentsOwnListenersAreOfNoShard) {
  const auto all = expected_rule({{}, "/", ""});
  EXPECT_EQ(presence(all, SnapshotBuilder().scanned().listener(9847, "fanfare")).listeners, 0U);
  EXPECT_EQ(presence(all, SnapshotBuilder().scanned().listener(9847, "chatd")).listeners, 1U);
}

TEST(Presence, OfManyShardsEachHasItsOwnListeners) {
  auto chat = expected_on(8080), mail = expected_on(25), web = ShardRule{"web", {{80}, "", ""}};
  auto strict = expected_rule({{8080}, "", "/bin/chatd"});
  mail.name = "mail";
  strict.name = "strict";
  const auto node = SnapshotBuilder()
                        .scanned()
                        .listener(8080, "chatd", 1, "/bin/chatd")
                        .listener(8080, "other", 2, "/bin/other")
                        .listener(80, "httpd")
                        .build();
  const auto found = presences_of({chat, mail, web, strict}, *node.owners, *node.pods);
  EXPECT_THAT(found, ElementsAre(Presence{.expected = true, .listeners = 1},
                                 Presence{.expected = true, .listeners = 0}, Presence{},
                                 Presence{.expected = true, .listeners = 1}));
}

// From snapshots, a second apart, to alerts.
struct Host {
  explicit Host(ShardRule rule) : ledger({std::move(rule)}, 10) {}
  // Each with an owner scan of its own.
  std::vector<std::string> tick(int times, const SnapshotBuilder& built) {
    for (int i = 0; i < times; ++i) tick_of(built, nullptr);
    return board.list();
  }
  // All with one, which was as slow as that.
  std::vector<std::string> tick_after_one_scan(int times, const SnapshotBuilder& built) {
    std::shared_ptr<const Owners> scan;
    for (int i = 0; i < times; ++i) scan = tick_of(built, scan);
    return board.list();
  }
  std::shared_ptr<const Owners> tick_of(SnapshotBuilder built, std::shared_ptr<const Owners> scan) {
    auto snapshot = built.build();
    snapshot.taken = board.now + std::chrono::seconds(1);
    if (!scan) {
      auto owners = *snapshot.owners;
      if (owners.scanned.count() > 0) owners.scanned = snapshot.taken;
      scan = std::make_shared<Owners>(owners);
    }
    snapshot.owners = scan;
    board.tick(judge.advance(deltas.advance(snapshot, ledger.advance(snapshot))));
    return scan;
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
    host.tick(32, there);
    EXPECT_THAT(host.board.list(), IsEmpty());
    EXPECT_THAT(host.tick(110, nobody), ElementsAre("FanfareServerAbsent pending critical"));
  }
  EXPECT_THAT(host.tick(60, there), IsEmpty());
}

TEST(Presence, AServerThatListensForMomentsBetweenCrashesPages) {
  Host host(expected_on(8080));
  auto there = nobody;
  there.listener(8080, "chatd");
  host.tick(32, there);
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(host.tick(25, nobody), ElementsAre("FanfareServerAbsent pending critical"));
    EXPECT_THAT(host.tick(5, there), ElementsAre("FanfareServerAbsent pending critical"));
  }
  EXPECT_THAT(host.tick(22, nobody), ElementsAre("FanfareServerAbsent firing critical"));
  for (int i = 0; i < 10; ++i) {
    host.tick(5, there);
    EXPECT_THAT(host.tick(25, nobody), ElementsAre("FanfareServerAbsent firing critical"));
  }
  EXPECT_THAT(host.tick(32, there), ElementsAre("FanfareServerAbsent resolved critical"));
}

TEST(Presence, OneSlowScanInTheMiddleOfARestartProvesNothing) {
  auto there = nobody;
  there.listener(8080, "chatd");
  Host host(expected_on(8080));
  host.tick(10, there);
  EXPECT_THAT(host.tick_after_one_scan(500, nobody), IsEmpty());
  EXPECT_THAT(host.tick_after_one_scan(500, there), IsEmpty());
  host.tick_after_one_scan(500, nobody);
  EXPECT_THAT(host.tick_after_one_scan(119, nobody),
              ::testing::Contains("FanfareServerAbsent pending critical"));
  EXPECT_THAT(host.tick_after_one_scan(121, nobody),
              ElementsAre("FanfareServerAbsent firing critical"));
}

ShardRule expected_with_label() { return expected_rule({{8080}, "", "", {{"app", "chat"}}}); }

const SnapshotBuilder placed =
    SnapshotBuilder(nobody).pod("chat-0", {{"app", "chat"}}).cgroup(1, pod_cgroup());

TEST(Presence, AListenerInAPodThatIsNotKnownYetMayBeIt) {
  const std::string other_uid = "11111111-5d4e-4c3b-9a21-6f0e8d7c5b4a";
  Host host(expected_with_label());
  auto unknown = placed;
  unknown.cgroup(1, pod_cgroup(other_uid)).listener(8080, "chatd");
  EXPECT_THAT(host.tick(200, unknown), IsEmpty()) << "the API server is away, the pod is another";
  auto elsewhere = placed;
  elsewhere.cgroup(1, pod_cgroup(other_uid)).listener(25, "maild");
  EXPECT_THAT(host.tick(125, elsewhere), ElementsAre("FanfareServerAbsent firing critical"));
  EXPECT_THAT(host.tick(125, unknown), ElementsAre("FanfareServerAbsent firing critical"));
}

TEST(Presence, WhatFiredBeforeARestartStaysUntilPodsAreListed) {
  Host before(expected_with_label());
  ASSERT_THAT(before.tick(125, placed), ElementsAre("FanfareServerAbsent firing critical"));
  Host host(expected_with_label());
  ASSERT_TRUE(host.board.board.restore(before.board.board.save(), host.board.now, {}));
  EXPECT_THAT(host.tick(200, nobody), ElementsAre("FanfareServerAbsent firing critical"));
  EXPECT_THAT(host.tick(200, placed), ElementsAre("FanfareServerAbsent firing critical"));
  auto moved = nobody;
  moved.pod("mail-0", {{"app", "mail"}});
  EXPECT_THAT(host.tick(65, moved), ElementsAre("FanfareServerAbsent resolved critical"));
}

TEST(Presence, WhatFiredBeforeARestartEndsWhereTheShardIsExpectedNoLonger) {
  Host before(expected_on(8080));
  ASSERT_THAT(before.tick(125, nobody), ElementsAre("FanfareServerAbsent firing critical"));
  for (const bool renamed : {false, true}) {
    auto rule = expected_on(8080);
    rule.expected = renamed;
    rule.name = renamed ? "eu" : "chat";
    Host host(rule);
    ASSERT_TRUE(host.board.board.restore(before.board.board.save(), host.board.now, {}));
    EXPECT_THAT(host.tick(65, nobody),
                ::testing::Contains("FanfareServerAbsent resolved critical"));
  }
}

TEST(Presence, AnExpectedShardIsNeverOneTooMany) {
  auto other = expected_on(25);
  other.name = "mail";
  Ledger ledger({expected_on(8080), other}, 1);
  ledger.set_rules({expected_on(8080), other}, 1);
  const auto model = ledger.advance(SnapshotBuilder().build());
  ASSERT_EQ(model.shards.size(), 2U);
  EXPECT_EQ(model.shards[1].name, "mail");
  EXPECT_EQ(model.shards_over_limit, 0U);
}

TEST(Presence, AReloadThatChangesNothingDoesNotBeginAnew) {
  Host host(expected_on(8080));
  for (int i = 0; i < 12; ++i) {
    host.tick(11, nobody);
    host.ledger.set_rules({expected_on(8080)}, 10);
  }
  EXPECT_THAT(host.tick(1, nobody), ElementsAre("FanfareServerAbsent firing critical"));
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
