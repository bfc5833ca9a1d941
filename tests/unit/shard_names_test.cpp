// SPDX-License-Identifier: Apache-2.0
#include "agent/model/shard_names.h"

#include <gtest/gtest.h>

#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

ShardRule rule(std::string name, ShardMatch match) { return {std::move(name), std::move(match)}; }

std::string named(const std::string& cgroup, const std::string& program = "node chat.js") {
  ListenerFacts facts{.comm = "MainThread", .exe = "/usr/bin/node", .cgroup_path = cgroup};
  facts.program = program;
  facts.place = cgroup_name(cgroup);
  return shard_name({}, facts, 8080);
}

TEST(ShardNames, WithoutRulesWhatAPersonWouldSay) {
  EXPECT_EQ(named("/"), "node chat.js:8080");
  EXPECT_EQ(named("/system.slice/chat.service"), "chat:8080");
  EXPECT_EQ(named("/system.slice/chat@eu.service/worker"), "chat@eu:8080");
  EXPECT_EQ(named("/user.slice/user-1000.slice/user@1000.service/app.slice/chat.service"),
            "chat:8080");
  EXPECT_EQ(named("/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope"),
            "node chat.js:8080");
  EXPECT_EQ(named("/user.slice/user-0.slice/session-3.scope"), "node chat.js:8080");
  EXPECT_EQ(named("/tenants/blue"), "node chat.js:8080@blue");
  const std::string id(64, 'a');
  EXPECT_EQ(named("/system.slice/docker-" + id + ".scope"), "node chat.js:8080@aaaaaaaaaaaa");
  EXPECT_EQ(named("/lxc/chat-1"), "chat-1:8080");
}

TEST(ShardNames, APodIsCalledByItsLabelElseByItsContainer) {
  const std::string id(64, 'a');
  Pod pod{.uid = "u", .name_space = "chat", .name = "chat-5d8f-xk2v9", .node = "n"};
  ListenerFacts facts{
      .comm = "node", .exe = "/usr/bin/node", .cgroup_path = "/kubepods/burstable/podu/" + id};
  facts.program = "node chat.js";
  facts.place = {.unit = {}, .runtime = "containerd", .container = id, .pod_uid = "u"};
  facts.pod = &pod;
  EXPECT_EQ(shard_name({}, facts, 8080), "node chat.js:8080@aaaaaaaaaaaa") << "not started yet";
  pod.containers = {{id, "server"}};
  EXPECT_EQ(shard_name({}, facts, 8080), "server:8080");
  pod.labels = {{"app", "chat"}};
  EXPECT_EQ(shard_name({}, facts, 8080), "chat:8080");
}

TEST(ShardNames, WhatIsNotKnownGoesByItsCommand) {
  EXPECT_EQ(shard_name({}, {.comm = "node", .exe = "", .cgroup_path = "/"}, 8080), "node:8080");
  EXPECT_EQ(shard_name({}, {.comm = {}, .exe = "", .cgroup_path = {}}, 8080), "unknown:8080");
  EXPECT_EQ(named("/", std::string(200, 'x')).size(), 64U + 5U);
}

TEST(ShardNames, TheSelftestHasOneName) {
  EXPECT_EQ(shard_name({}, {.comm = "fanfare", .exe = "", .cgroup_path = "/x"}, 4),
            "fanfare-selftest");
}

TEST(ShardNames, AllConditionsMustHold) {
  const std::vector<ShardRule> rules{
      rule("a", {.listen_ports = {80, 81}, .cgroup = "/chat", .exe = "/bin/chatd"})};
  EXPECT_TRUE(matching_rule(rules, 81, "/chat/x", "/bin/chatd"));
  EXPECT_FALSE(matching_rule(rules, 82, "/chat/x", "/bin/chatd"));
  EXPECT_FALSE(matching_rule(rules, 81, "/chatter", "/bin/chatd"));
  EXPECT_FALSE(matching_rule(rules, 81, "/chat", "/bin/other"));
}

TEST(ShardNames, TheStricterRuleWins) {
  const std::vector<ShardRule> rules{
      rule("port", {.listen_ports = {80}, .cgroup = "", .exe = ""}),
      rule("deep", {.listen_ports = {80}, .cgroup = "/chat/eu", .exe = ""}),
      rule("shallow", {.listen_ports = {80}, .cgroup = "/chat", .exe = ""})};
  EXPECT_EQ(matching_rule(rules, 80, "/", "")->name, "port");
  EXPECT_EQ(matching_rule(rules, 80, "/chat/us", "")->name, "shallow");
  EXPECT_EQ(matching_rule(rules, 80, "/chat/eu/pod", "")->name, "deep");
}

TEST(ShardNames, FactsComeFromTheListenerThenFromTheHolder) {
  Owners owners;
  const auto flow = testing::make_flow({.port = 80, .netns = 5, .cgroup_id = 9});
  EXPECT_FALSE(listener_facts(owners, {}, 1, flow).comm);
  owners.by_cookie[1] = {.pid = 1, .fd = 1, .comm = "worker", .exe = ""};
  EXPECT_EQ(listener_facts(owners, {}, 1, flow).comm, "worker");
  owners.listeners[{5, 80}] = {.pid = 1, .fd = 1, .comm = "master", .exe = "/m"};
  owners.cgroup_paths[9] = "/c";
  EXPECT_EQ(listener_facts(owners, {}, 1, flow).comm, "master");
  EXPECT_EQ(listener_facts(owners, {}, 1, flow).exe, "/m");
  EXPECT_EQ(listener_facts(owners, {}, 1, flow).cgroup_path, "/c");
}

TEST(ShardNames, AddressesAreWrittenAsPeopleWriteThem) {
  const std::array<std::uint8_t, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2};
  const std::array<std::uint8_t, 16> v6{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  EXPECT_EQ(address_text(mapped), "10.0.0.2");
  EXPECT_EQ(address_text(v6), "fd00::2");
}

TEST(ShardNames, PeersOverIpv6AreNamedByPortToo) {
  const Replication replication{.protocol = ReplicationProtocol::hashicorp_raft,
                                .ports = {7000},
                                .peers = {{"[fd00::2]:7000", "b"}, {"[fd00::2]:7001", "c"}}};
  auto flow = testing::make_raft_flow({});
  std::fill(std::begin(flow.remote), std::end(flow.remote), std::uint8_t{0});
  flow.remote[0] = 0xfd;
  flow.remote[15] = 2;
  EXPECT_EQ(peer_name(replication, flow), "b");
  flow.remote_port = 7001;
  EXPECT_EQ(peer_name(replication, flow), "c");
  flow.dialled = 0;
  EXPECT_EQ(peer_name(replication, flow), "") << "two are possible";
}

}  // namespace
}  // namespace fanfare
