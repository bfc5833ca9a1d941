// SPDX-License-Identifier: Apache-2.0
// match.pod_labels: whose sockets a shard gets, and what happens while a pod has no name yet.
#include <gmock/gmock.h>

#include "agent/model/ledger.h"
#include "agent/model/shard_names.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;
using testing::pod_cgroup;
using testing::SnapshotBuilder;

constexpr std::uint32_t plenty = 1000;
const std::string second_uid = "11111111-2222-3333-4444-555555555555";

ShardRule labelled(const std::string& name, std::map<std::string, std::string> labels) {
  ShardRule rule{.name = name, .match = {}};
  rule.match.pod_labels = std::move(labels);
  return rule;
}

SnapshotBuilder node() { return SnapshotBuilder().listener(8080, "chatd").cgroup(1, pod_cgroup()); }

std::vector<std::string> names(const Model& model) {
  std::vector<std::string> found;
  for (const auto& shard : model.shards) found.push_back(shard.name);
  return found;
}

std::uint64_t events_out(const Model& model, const std::string& name) {
  for (const auto& shard : model.shards)
    if (shard.name == name) return shard.out.messages[FANFARE_EVENT];
  return 0;
}

TEST(PodShards, HoldTogetherWithEveryOtherCondition) {
  auto rule = labelled("chat", {{"app", "chat"}});
  rule.match.listen_ports = {8080};
  rule.match.exe = "/bin/chatd";
  const std::vector<ShardRule> rules{rule};
  Pod pod{.uid = "u", .name_space = "n", .name = "p", .node = "n"};
  pod.labels = {{"app", "chat"}, {"tier", "eu"}};
  EXPECT_TRUE(matching_rule(rules, 8080, "/x", "/bin/chatd", &pod));
  EXPECT_FALSE(matching_rule(rules, 8081, "/x", "/bin/chatd", &pod));
  EXPECT_FALSE(matching_rule(rules, 8080, "/x", "/bin/other", &pod));
  EXPECT_FALSE(matching_rule(rules, 8080, "/x", "/bin/chatd", nullptr)) << "in no pod";
  pod.labels["app"] = "mail";
  EXPECT_FALSE(matching_rule(rules, 8080, "/x", "/bin/chatd", &pod));
}

TEST(PodShards, TheSocketsOfAPodAreThoseOfItsShard) {
  Ledger ledger({labelled("chat", {{"app", "chat"}}), labelled("mail", {{"app", "mail"}})}, plenty);
  const auto model = ledger.advance(node()
                                        .cgroup(2, pod_cgroup(second_uid))
                                        .pod("chat-0", {{"app", "chat"}})
                                        .pod("mail-0", {{"app", "mail"}}, second_uid)
                                        .flow({.cookie = 1, .events_out = 5})
                                        .flow({.cookie = 2, .events_out = 7, .cgroup_id = 2})
                                        .build());
  EXPECT_THAT(names(model), ElementsAre("chat", "mail"));
  EXPECT_EQ(events_out(model, "chat"), 5U);
  EXPECT_EQ(events_out(model, "mail"), 7U);
}

TEST(PodShards, ASocketWaitsForTheNameOfItsPodAndLosesNothing) {
  Ledger ledger({labelled("chat", {{"app", "chat"}})}, plenty);
  const auto unnamed = node().flow({.cookie = 1, .events_out = 5}).build();
  EXPECT_THAT(names(ledger.advance(unnamed)), ElementsAre());
  const auto model = ledger.advance(
      node().pod("chat-0", {{"app", "chat"}}).flow({.cookie = 1, .events_out = 6}).build());
  EXPECT_THAT(names(model), ElementsAre("chat"));
  EXPECT_EQ(events_out(model, "chat"), 6U);
}

// The names come without a new owner scan: the pods alone are new. What it counted comes along.
TEST(PodShards, ASocketThatWaitedTooLongMovesWhenItsPodIsNamed) {
  Ledger ledger({labelled("chat", {{"app", "chat"}})}, plenty);
  auto snapshot = node().flow({.cookie = 1, .events_out = 5}).build();
  for (int i = 0; i < 7; ++i) ledger.advance(snapshot);
  const std::string leaf = "chatd:8080@" + std::string(12, 'a');
  EXPECT_EQ(events_out(ledger.advance(snapshot), leaf), 5U);
  snapshot.pods = node().pod("chat-0", {{"app", "chat"}}).build().pods;
  snapshot.flows[0].out.tally.by_class[FANFARE_EVENT].messages = 8;
  const auto model = ledger.advance(snapshot);
  EXPECT_THAT(names(model), ElementsAre("chat"));
  EXPECT_EQ(events_out(model, "chat"), 8U);
}

TEST(PodShards, WithoutSuchARuleNobodyWaits) {
  Ledger ledger({}, plenty);
  const auto model = ledger.advance(node().flow({.cookie = 1, .events_out = 5}).build());
  EXPECT_EQ(events_out(model, "chatd:8080@" + std::string(12, 'a')), 5U);
}

TEST(PodShards, APodThatIsGoneKeepsItsSocketsInTheirShard) {
  Ledger ledger({labelled("chat", {{"app", "chat"}})}, plenty);
  ledger.advance(
      node().pod("chat-0", {{"app", "chat"}}).flow({.cookie = 1, .events_out = 5}).build());
  const auto model = ledger.advance(node().flow({.cookie = 1, .events_out = 9}).build());
  EXPECT_THAT(names(model), ElementsAre("chat"));
  EXPECT_EQ(events_out(model, "chat"), 9U);
}

TEST(PodShards, AListenersPathOfV1NamesWhatV2DoesNot) {
  auto snapshot = node().cgroup(1, "/").pod("chat-0", {{"app", "chat"}}).build();
  auto owners = std::make_shared<Owners>(*snapshot.owners);
  const auto flow = testing::make_flow({});
  EXPECT_EQ(listener_facts(*owners, *snapshot.pods, 1, flow).pod, nullptr);
  owners->listeners.at({1, 8080}).v1_path = pod_cgroup();
  const auto facts = listener_facts(*owners, *snapshot.pods, 1, flow);
  ASSERT_NE(facts.pod, nullptr);
  EXPECT_EQ(facts.pod->name, "chat-0");
  EXPECT_FALSE(facts.awaits_pod);
}

TEST(PodShards, ReplicationIsToldByLabelsToo) {
  auto rule = labelled("chat", {{"app", "chat"}});
  rule.replication = Replication{.ports = {7000}, .peers = {}};
  const std::vector<ShardRule> rules{rule};
  const auto flow = testing::make_raft_flow({});
  const auto found = [&](SnapshotBuilder builder) {
    const auto snapshot = builder.build();
    return replication_rule(rules, *snapshot.owners, *snapshot.pods, 1, flow);
  };
  EXPECT_TRUE(found(node().pod("chat-0", {{"app", "chat"}})).rule);
  EXPECT_TRUE(found(node().pod("chat-0", {{"app", "chat"}})).certain);
  EXPECT_FALSE(found(node().pod("mail-0", {{"app", "mail"}})).rule);
  EXPECT_FALSE(found(node()).certain) << "the pod has no name yet";
  EXPECT_FALSE(found(SnapshotBuilder().cgroup(1, "/system.slice/chatd.service")).rule);
}

}  // namespace
}  // namespace fanfare
