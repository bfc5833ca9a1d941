// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_table.h"

#include <algorithm>

namespace fanfare {

PodTable::PodTable(const std::map<std::string, Pod>& by_uid) : listed_(true) {
  for (const auto& [uid, pod] : by_uid) {
    if (pods_.size() == most_pods) break;
    pods_.emplace_hint(pods_.end(), uid, pod);
    if (!pod.manifest.empty()) aliases_.emplace(pod.manifest, uid);
    for (const auto& container : pod.containers) aliases_.emplace(container.id, uid);
  }
}

const Pod* PodTable::find(const CgroupName& name) const {
  for (const auto* key : {&name.pod_uid, &name.container}) {
    if (key->empty()) continue;
    if (const auto pod = pods_.find(*key); pod != pods_.end()) return &pod->second;
    const auto alias = aliases_.find(*key);
    if (alias != aliases_.end()) return &pods_.at(alias->second);
  }
  return nullptr;
}

std::string container_name(const Pod& pod, const CgroupName& name) {
  if (name.container.empty()) return {};
  const auto found = std::ranges::find(pod.containers, name.container, &PodContainer::id);
  return found == pod.containers.end() ? std::string() : found->name;
}

bool has_labels(const Pod& pod, const std::map<std::string, std::string>& wanted) {
  return std::ranges::includes(pod.labels, wanted);
}

}  // namespace fanfare
