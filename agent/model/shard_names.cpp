// SPDX-License-Identifier: Apache-2.0
#include "agent/model/shard_names.h"

#include <algorithm>

#include "agent/config/config_rules.h"

namespace fanfare {
namespace {

bool is_below(const std::string& path, const std::string& ancestor) {
  if (ancestor == "/" || path == ancestor) return true;
  return path.starts_with(ancestor) && path[ancestor.size()] == '/';
}

bool holds(const ShardMatch& match, std::uint16_t port, const std::string& cgroup_path,
           const std::string& exe) {
  const auto& ports = match.listen_ports;
  return (ports.empty() || std::find(ports.begin(), ports.end(), port) != ports.end()) &&
         (match.cgroup.empty() || is_below(cgroup_path, match.cgroup)) &&
         (match.exe.empty() || match.exe == exe);
}

}  // namespace

const ShardRule* matching_rule(const std::vector<ShardRule>& rules, std::uint16_t port,
                               const std::string& cgroup_path, const std::string& exe) {
  const ShardRule* best = nullptr;
  for (const auto& rule : rules)
    if (holds(rule.match, port, cgroup_path, exe) &&
        (!best || is_stricter(rule.match, best->match)))
      best = &rule;
  return best;
}

ListenerFacts listener_facts(const Owners& owners, std::uint64_t cookie, const fanfare_flow& flow) {
  ListenerFacts facts;
  const auto listener = owners.listeners.find({flow.netns, flow.local_port});
  if (listener != owners.listeners.end()) {
    facts.comm = listener->second.comm;
    facts.exe = listener->second.exe;
  } else if (const auto holder = owners.by_cookie.find(cookie); holder != owners.by_cookie.end()) {
    facts.comm = holder->second.comm;
  }
  const auto cgroup = owners.cgroup_paths.find(flow.cgroup_id);
  if (cgroup != owners.cgroup_paths.end()) facts.cgroup_path = cgroup->second;
  return facts;
}

std::string shard_name(const std::vector<ShardRule>& rules, const ListenerFacts& facts,
                       const fanfare_flow& flow) {
  const std::string path = facts.cgroup_path.value_or("");
  if (facts.comm == "fanfare") return selftest_shard;
  if (const auto* rule = matching_rule(rules, flow.local_port, path, facts.exe)) return rule->name;
  auto name = facts.comm.value_or("unknown") + ":" + std::to_string(flow.local_port);
  if (path.size() > 1) name += "@" + path.substr(path.rfind('/') + 1);
  return name;
}

}  // namespace fanfare
