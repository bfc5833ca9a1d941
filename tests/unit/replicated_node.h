// SPDX-License-Identifier: Apache-2.0
// A shard "chat" with two named peers, and the ledger of one of its nodes.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "agent/model/ledger.h"
#include "tests/support/snapshots.h"

namespace fanfare::testing {

inline constexpr std::uint32_t plenty = 1000;
inline constexpr std::array<std::uint8_t, 4> node_c{10, 0, 0, 3};

inline ShardRule chat() {
  ShardRule rule{.name = "chat", .match = {.listen_ports = {8080}, .cgroup = "", .exe = ""}};
  rule.replication = {.protocol = ReplicationProtocol::hashicorp_raft,
                      .ports = {7000},
                      .peers = {{"10.0.0.2", "node-b"}, {"10.0.0.3:7000", "node-c"}}};
  return rule;
}

// A ledger whose ticks are a second apart.
class Node {
 public:
  explicit Node(std::vector<ShardRule> rules = {chat()}) : ledger(std::move(rules), plenty) {}

  const Model& tick(SnapshotBuilder builder) {
    model = ledger.advance(builder.at(now += std::chrono::seconds(1)).build());
    return model;
  }
  const Shard& shard() const { return model.shards.at(0); }
  const Peer& peer(const std::string& name) const {
    for (const auto& one : shard().peers)
      if (one.name == name) return one;
    throw std::out_of_range(name);
  }

  Ledger ledger;
  Model model;
  Monotonic now{};
};

}  // namespace fanfare::testing
