// SPDX-License-Identifier: Apache-2.0
// Whether the server of an expected shard is there: a deploy that fails before its process listens
// has no socket that could be counted. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

struct Presence {
  // It should be on this host: `expected: true`, and with match.pod_labels a pod of this node that
  // has them and has not ended. False before the first owner scan and where that does not see all
  // processes.
  bool expected = false;
  std::uint64_t listeners = 0;  // that belong to it, as of the owner scan
  bool operator==(const Presence&) const = default;
};

// `rule`: one of `rules`. A listener belongs to it as its sockets do, see matching_rule().
Presence presence_of(const ShardRule& rule, const std::vector<ShardRule>& rules,
                     const Owners& owners, const PodTable& pods);

}  // namespace fanfare
