// SPDX-License-Identifier: Apache-2.0
// Proves by doing that sockets of other network namespaces and cgroups are counted: messages of the
// agent to itself, over sockets made in a namespace and a cgroup of their own, must be in the
// counters. In a pod whose agent sees only itself this is what fails.
#pragma once

#include <cstdint>
#include <string>

#include "agent/kernel/cgroup_tree.h"
#include "agent/kernel/own_talk.h"

namespace fanfare {

class FlowTable;

enum class ScopeResult {
  proven,
  netns_only,  // counted in a foreign namespace; no cgroup could be made
  unproven,    // the test could not be made, or not in a foreign namespace
  refuted,     // made, and not counted
};

struct ScopeProof {
  ScopeResult result = ScopeResult::unproven;
  std::string text;          // a sentence for people
  std::uint64_t cookie = 0;  // of the test's own socket
};

// Three messages from a socket in a cgroup of its own below `cgroup` (in the network namespace at
// hand) came out as three: the programs fire and count. Returns what stands against it, or nothing.
std::string prove_counting(const CgroupTarget& cgroup, const FlowTable& flows);

// Takes some milliseconds, at most a few seconds. Leaves nothing behind.
ScopeProof prove_scope(const CgroupTarget& cgroup, const FlowTable& flows);

// The same over sockets that are there already; `talk` stays open.
ScopeProof prove_scope(const CgroupTarget& cgroup, const FlowTable& flows, OwnTalk& talk);

// What it proves that messages over these sockets were counted, or were not.
ScopeProof judge_scope(const CgroupTarget& cgroup, const OwnSockets& sockets, bool counted);

// Whether the counters have what was said, out and in.
bool is_counted(const FlowTable& flows, const OwnTalk& talk);

}  // namespace fanfare
