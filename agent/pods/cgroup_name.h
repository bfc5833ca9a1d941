// SPDX-License-Identifier: Apache-2.0
// What the path of a cgroup says of who runs in it: a systemd unit, a container, a pod. Pure.
#pragma once

#include <string>
#include <string_view>

namespace fanfare {

// Each empty where the path does not name it.
struct CgroupName {
  std::string unit;       // "chatd.service"; not the scope that stands for a container
  std::string runtime;    // "containerd", "cri-o", "docker", "podman", "nerdctl", "lxc"
  std::string container;  // id (64 hexadecimal digits); of lxc the name
  std::string pod_uid;    // as the API server spells it; of a static pod its manifest's hash
  bool operator==(const CgroupName&) const = default;
};

// `path` from the root of the tree ("/kubepods.slice/..."), cgroup v2 or a hierarchy of v1. Of
// nested ones (Kubernetes in docker) the innermost counts.
CgroupName cgroup_name(std::string_view path);

// Of /proc/PID/cgroup the path, in a hierarchy of v1, that names a container or a pod; empty where
// none does. On hybrid hosts some runtimes make no cgroup of v2.
std::string v1_container_path(std::string_view proc_cgroup);

}  // namespace fanfare
