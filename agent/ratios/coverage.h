// SPDX-License-Identifier: Apache-2.0
// Readable client sockets / open client sockets on the shard's ports, as the kernel has them open:
// the share of the traffic that every other figure speaks of.
#pragma once

#include <optional>

#include "agent/model/shards.h"

namespace fanfare {

// Of the client sockets: under it nothing is judged by what the others get.
inline constexpr double coverage_judged = 0.8;
// Capture losses of a shard, as a share of what was due: from here on nothing is judged either.
inline constexpr double losses_judged = 0.5;

// In 0..1; empty (unknown) without an open socket. Sockets that nothing has left by since they were
// found are not spoken of: no figure misses anything of theirs.
inline std::optional<double> coverage(const Shard& shard) {
  const auto open = shard.sockets_synced + shard.sockets_unsynced - shard.sockets_silent +
                    sockets_dark(shard) - shard.dark_silent;
  if (open == 0) return std::nullopt;
  return static_cast<double>(shard.sockets_synced) / static_cast<double>(open);
}

}  // namespace fanfare
