// SPDX-License-Identifier: Apache-2.0
// The body of /api/v1/peers: what this node and each other node of a shard have sent each other.
// Addresses of nodes are in it, of clients never.
#pragma once

#include <string>

#include "agent/exports/view.h"

namespace fanfare {

// An array, one object for each peer of each shard. `behind` is in log entries, null where this
// node does not lead or the peer's answers have not named an index; `stalled_seconds` is null
// unless the peer, alive, does not get on.
std::string peers_json(const View& view, Monotonic now);

}  // namespace fanfare
