// SPDX-License-Identifier: Apache-2.0
// What a running agent takes over from a changed file, and what it refuses by name.
#include "agent/reload.h"

#include <gtest/gtest.h>

namespace fanfare {
namespace {

ShardRule chat(std::string name) {
  return {.name = std::move(name), .match = {.listen_ports = {8080}, .cgroup = {}, .exe = {}}};
}

ShardRule replicated(std::string name) {
  auto rule = chat(std::move(name));
  rule.replication = Replication{.ports = {7000}, .peers = {}};
  return rule;
}

ShardRule identified(std::string name) {
  auto rule = chat(std::move(name));
  rule.identity = {Identity::Kind::payload, {}};
  return rule;
}

Config with(std::vector<ShardRule> shards) {
  Config config;
  config.shards = std::move(shards);
  return config;
}

TEST(Reload, TakesOverShardsNamesAndAlertmanagers) {
  Config after = with({chat("a"), chat("b")});
  after.node = "other";
  after.cluster = "other";
  after.limits.shards = 5;
  after.alertmanagers = {"http://127.0.0.1:9093"};
  EXPECT_EQ(fixed_key_changed(Config{}, after), "");
}

TEST(Reload, NamesTheKeyThatIsFixed) {
  const Config before;
  Config after = before;
  after.limits.identities = 5;
  EXPECT_EQ(fixed_key_changed(before, after), "limits.identities");
  after.limits.sockets = 5;
  EXPECT_EQ(fixed_key_changed(before, after), "limits.sockets");
  after.cgroup = "/x";
  EXPECT_EQ(fixed_key_changed(before, after), "cgroup");
  after.admin = "/x";
  EXPECT_EQ(fixed_key_changed(before, after), "admin");
  after.listen = "127.0.0.1:1";
  EXPECT_EQ(fixed_key_changed(before, after), "listen");
}

TEST(Reload, TheFirstReplicationNeedsARestartAFurtherOneDoesNot) {
  EXPECT_EQ(fixed_key_changed(with({chat("a")}), with({replicated("a")})),
            "the first shards[].replication");
  EXPECT_EQ(fixed_key_changed(with({replicated("a")}), with({replicated("a"), replicated("b")})),
            "");
  EXPECT_EQ(fixed_key_changed(with({replicated("a")}), with({chat("a")})), "");
}

TEST(Reload, TheFirstProtocolOfClientsNeedsARestartAFurtherOneDoesNot) {
  const auto mqtt = [](std::string name) {
    auto rule = chat(std::move(name));
    rule.protocol = ClientProtocol::mqtt;
    return rule;
  };
  EXPECT_EQ(fixed_key_changed(with({chat("a")}), with({mqtt("a")})),
            "the first shards[].clients.protocol or publishes");
  EXPECT_EQ(fixed_key_changed(with({mqtt("a")}), with({mqtt("a"), mqtt("b")})), "");
  EXPECT_EQ(fixed_key_changed(with({mqtt("a")}), with({chat("a")})), "");
}

TEST(Reload, IdentitiesStayAtTheirPlace) {
  const auto before = with({chat("a"), identified("b")});
  EXPECT_EQ(fixed_key_changed(before, with({chat("c"), identified("b"), chat("d")})), "");
  EXPECT_EQ(fixed_key_changed(before, with({identified("b"), chat("a")})),
            "shards[].clients.events, heartbeats, identity or room");
  EXPECT_EQ(fixed_key_changed(before, with({chat("a"), chat("b")})),
            "shards[].clients.events, heartbeats, identity or room");
}

}  // namespace
}  // namespace fanfare
