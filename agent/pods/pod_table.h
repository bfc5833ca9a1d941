// SPDX-License-Identifier: Apache-2.0
// The pods of this node as the API server tells them, and which of them a cgroup belongs to. Plain
// values.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/pods/cgroup_name.h"

namespace fanfare {

struct PodContainer {
  std::string id;  // as in CgroupName
  std::string name;
  bool operator==(const PodContainer&) const = default;
};

// What is kept of a pod: some hundred bytes of the ten thousand that the API server sends.
struct Pod {
  std::string uid;
  std::string name_space;
  std::string name;
  std::string node;
  std::map<std::string, std::string> labels{};
  std::vector<PodContainer> containers{};  // those that have been started
  std::vector<std::string> addresses{};    // "10.1.2.3", "fd00::3"
  bool host_network = false;               // its addresses are the host's
  bool ended = false;                      // its addresses may be another's by now
  bool leaving = false;                    // it has been asked to go: drained, rolled or deleted
  // Of a static pod: its manifest's hash, which its cgroup has in the place of the uid.
  std::string manifest{};
  bool operator==(const Pod&) const = default;
};

// Each is a few hundred bytes; a node has 110 as a rule, 500 at most.
inline constexpr std::size_t most_pods = 4096;

class PodTable {
 public:
  PodTable() = default;
  // Pods over `most_pods` are left out.
  explicit PodTable(const std::map<std::string, Pod>& by_uid);

  // False until the API server has said which pods there are.
  bool is_listed() const { return listed_; }
  const std::map<std::string, Pod>& pods() const { return pods_; }  // by uid

  // By its uid, its manifest or a container's id; nullptr where none is known.
  const Pod* find(const CgroupName& name) const;

 private:
  bool listed_ = false;
  std::map<std::string, Pod> pods_;
  std::unordered_map<std::string, std::string> aliases_;  // container or manifest -> uid
};

// The container's name, empty where the pod does not (yet) say it.
std::string container_name(const Pod& pod, const CgroupName& name);

// All of `wanted` are among the pod's labels.
bool has_labels(const Pod& pod, const std::map<std::string, std::string>& wanted);

}  // namespace fanfare
