// SPDX-License-Identifier: Apache-2.0
#include "agent/model/presence.h"

#include <algorithm>

#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto fresh_for = 60s;  // of an owner scan; as a rule the next comes after 5 s

bool is_placed(const ShardRule& rule, const PodTable& pods) {
  const auto& labels = rule.match.pod_labels;
  return labels.empty() || std::ranges::any_of(pods.pods(), [&](const auto& entry) {
           const Pod& pod = entry.second;
           return !pod.ended && !pod.leaving && has_labels(pod, labels);
         });
}

}  // namespace

std::vector<Presence> presences_of(const std::vector<ShardRule>& rules, const Owners& owners,
                                   const PodTable& pods) {
  std::vector<Presence> found(rules.size());
  const bool asked = std::ranges::any_of(rules, &ShardRule::expected);
  if (!asked || owners.scanned.count() == 0 || !owners.all_processes) return found;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].expected) continue;
    found[i].expected = is_placed(rules[i], pods);
    found[i].unsure = !rules[i].match.pod_labels.empty() && !pods.is_listed();
  }
  for (const auto& [key, owner] : owners.listeners) {
    const auto facts = listener_facts(owners, pods, &owner, owner.cgroup_id);
    if (is_agents_own(facts)) continue;
    const auto path = facts.cgroup_path.value_or("");
    const auto* rule = matching_rule(rules, key.port, path, facts.exe, facts.pod);
    if (rule && rule->expected) ++found[static_cast<std::size_t>(rule - rules.data())].listeners;
    if (!facts.awaits_pod) continue;
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (rules[i].expected && !rules[i].match.pod_labels.empty() &&
          holds_but_for_pod(rules[i].match, key.port, path, facts.exe))
        found[i].unsure = true;
  }
  return found;
}

void PresenceWatch::see(const Presence& now, Monotonic scanned, bool by_new_scan) {
  seen_ = now;
  scanned_ = scanned;
  if (!now.expected || now.listeners > 0)
    missed_since_ = {};
  else if (by_new_scan && missed_since_.count() == 0)
    missed_since_ = scanned;
}

Presence PresenceWatch::at(Monotonic now) const {
  Presence presence = seen_;
  const bool proven = missed_since_.count() > 0 && scanned_ - missed_since_ >= fresh_for;
  if (presence.expected && presence.listeners == 0 && !proven && now - scanned_ > fresh_for)
    presence.unsure = true;
  return presence;
}

}  // namespace fanfare
