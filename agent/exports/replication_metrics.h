// SPDX-License-Identifier: Apache-2.0
// Metrics of replication between the nodes of a shard.
#pragma once

#include "agent/exports/metric_families.h"

namespace fanfare {

// Nothing for a shard that does not replicate. `node` is this one.
void add_replication(Families& families, const std::string& node, const Shard& shard);

// This node's addresses on its replication sockets, and those of its pods that a rule with
// replication asks for; the first most_addresses in their order.
void add_addresses(Families& families, const View& view);
inline constexpr std::size_t most_addresses = 16;

}  // namespace fanfare
