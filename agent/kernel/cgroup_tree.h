// SPDX-License-Identifier: Apache-2.0
// Where to attach in the cgroup v2 tree, and the paths of cgroups by id. User space only.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace fanfare {

struct CgroupTarget {
  std::string path;
  std::uint64_t id = 0;  // kernfs id = inode
  bool subtree = false;  // not the host's root
};

// `wanted` is "auto" (the host's root, found in `mountinfo`) or a directory of the cgroup v2 tree.
// Throws StartError where there is none, or where `auto` would see only a private cgroup namespace:
// the root of the tree is the one directory with inode 1.
CgroupTarget find_cgroup(const std::string& wanted,
                         const std::string& mountinfo = "/proc/self/mountinfo");

// Of what has the path now; 0: nothing has.
std::uint64_t cgroup_id(const std::string& path);

// id -> path below `root` ("/" for the root itself). One walk over the tree; a directory that
// vanishes meanwhile is no error.
std::unordered_map<std::uint64_t, std::string> list_cgroups(const std::string& root);

}  // namespace fanfare
