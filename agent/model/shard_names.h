// SPDX-License-Identifier: Apache-2.0
// Which shard a socket belongs to: by the configuration's rules, else `comm:port`, with `@` and the
// cgroup's leaf where the cgroup is not the root. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

// The strictest rule whose conditions all hold (config_rules.h says why there is just one); nullptr
// where none holds.
const ShardRule* matching_rule(const std::vector<ShardRule>& rules, std::uint16_t port,
                               const std::string& cgroup_path, const std::string& exe);

// What is known of the process behind a listener; empty where the owner scan has not seen it.
struct ListenerFacts {
  std::optional<std::string> comm;
  std::string exe;
  std::optional<std::string> cgroup_path;
};

ListenerFacts listener_facts(const Owners& owners, std::uint64_t cookie, const fanfare_flow& flow);

// The agent's own selftest has one name whatever its port, so that it adds no series.
inline constexpr const char* selftest_shard = "fanfare-selftest";

std::string shard_name(const std::vector<ShardRule>& rules, const ListenerFacts& facts,
                       const fanfare_flow& flow);

}  // namespace fanfare
