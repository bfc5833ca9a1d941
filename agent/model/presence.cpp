// SPDX-License-Identifier: Apache-2.0
#include "agent/model/presence.h"

#include <algorithm>

#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

bool is_placed(const ShardRule& rule, const PodTable& pods) {
  const auto& labels = rule.match.pod_labels;
  return labels.empty() || std::ranges::any_of(pods.pods(), [&](const auto& entry) {
           return !entry.second.ended && has_labels(entry.second, labels);
         });
}

}  // namespace

Presence presence_of(const ShardRule& rule, const std::vector<ShardRule>& rules,
                     const Owners& owners, const PodTable& pods) {
  Presence presence;
  if (!rule.expected || owners.scanned.count() == 0 || !owners.all_processes) return presence;
  presence.expected = is_placed(rule, pods);
  for (const auto& [key, owner] : owners.listeners) {
    const auto facts = listener_facts(owners, pods, &owner, owner.cgroup_id);
    presence.listeners += matching_rule(rules, key.port, facts.cgroup_path.value_or(""), facts.exe,
                                        facts.pod) == &rule;
  }
  return presence;
}

}  // namespace fanfare
