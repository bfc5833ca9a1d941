// SPDX-License-Identifier: Apache-2.0
// Proves by doing that sockets of other network namespaces and cgroups are counted: a child process
// in a namespace and cgroup of its own plays three WebSocket messages to itself, and the flow map
// must say three. In a pod whose agent sees only itself this is what fails.
#pragma once

#include <cstdint>
#include <string>

#include "agent/kernel/cgroup_tree.h"

namespace fanfare {

class FlowTable;

enum class ScopeResult { proven, netns_only, unproven, refuted };

struct ScopeProof {
  ScopeResult result = ScopeResult::unproven;
  std::string text;          // a sentence for people
  std::uint64_t cookie = 0;  // of the test's own socket, to be left out of every listing
};

// Three messages from a socket in a cgroup of its own below `cgroup` (in the network namespace at
// hand) came out as three: the programs fire and count. Returns what stands against it, or nothing.
std::string prove_counting(const CgroupTarget& cgroup, const FlowTable& flows);

// Takes some milliseconds, at most two seconds. Leaves nothing behind.
ScopeProof prove_scope(const CgroupTarget& cgroup, const FlowTable& flows);

}  // namespace fanfare
