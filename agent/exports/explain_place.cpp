// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/explain_place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "agent/model/shard_names.h"

namespace fanfare {
namespace {

ListenerFacts facts_of(const View& view, const ListenerKey& key) {
  const auto& owners = *view.snapshot->owners;
  const auto listener = owners.listeners.find(key);
  if (listener == owners.listeners.end()) return {};
  return listener_facts(owners, *view.snapshot->pods, &listener->second,
                        listener->second.cgroup_id);
}

}  // namespace

std::string label_list(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> texts;
  texts.reserve(labels.size());
  for (const auto& [key, value] : labels) texts.push_back(fmt::format("{}={}", key, value));
  return texts.empty() ? "no labels" : fmt::format("{}", fmt::join(texts, ","));
}

std::string place_text(const View& view, const ListenerKey& key) {
  const auto facts = facts_of(view, key);
  std::string text;
  if (facts.pod) text += fmt::format(", in pod {}/{}", facts.pod->name_space, facts.pod->name);
  if (facts.awaits_pod)
    text += fmt::format(", in pod {} (its name is not known)", facts.place.pod_uid);
  if (const auto container = container_text(facts); !container.empty())
    text += fmt::format(", container {}", container);
  if (!facts.place.unit.empty()) text += fmt::format(", unit {}", facts.place.unit);
  return text;
}

Link pods_link(const View& view, const std::map<std::string, std::string>& labels) {
  const auto& pods = view.snapshot->pods->pods();
  const auto fit = std::ranges::count_if(
      pods, [&](const auto& entry) { return has_labels(entry.second, labels); });
  if (fit == 0)
    return {"process", LinkState::broken,
            fmt::format("none of the {} pods of this node that are known has {}", pods.size(),
                        label_list(labels)),
            "Compare match.pod_labels with `kubectl get pods -A --show-labels`; `fanfare status` "
            "says whether the API server is reached."};
  return {"process", LinkState::unknown,
          fmt::format("{} of this node's pods have {}, and none has a socket that is counted", fit,
                      label_list(labels)),
          "Ask for the server's port: `fanfare explain :PORT`."};
}

std::optional<Link> other_labels(const View& view, const ListenerKey& key, const ShardRule& rule) {
  if (rule.match.pod_labels.empty()) return std::nullopt;
  const auto facts = facts_of(view, key);
  if (facts.pod && has_labels(*facts.pod, rule.match.pod_labels)) return std::nullopt;
  const auto wanted = label_list(rule.match.pod_labels);
  if (facts.pod)
    return Link{
        "mapped", LinkState::broken,
        fmt::format("pod {}/{} has the labels {}, and shard {} asks for {}", facts.pod->name_space,
                    facts.pod->name, label_list(facts.pod->labels), rule.name, wanted),
        "Correct match.pod_labels, then send SIGHUP to the agent."};
  return Link{
      "mapped", LinkState::broken,
      fmt::format("shard {} asks for a pod with {}, and {}", rule.name, wanted,
                  facts.awaits_pod ? "the API server has not named the pod " + facts.place.pod_uid
                                   : "the process is in no pod"),
      "`fanfare status` says whether the API server is reached."};
}

}  // namespace fanfare
