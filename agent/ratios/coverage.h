// SPDX-License-Identifier: Apache-2.0
// Readable client sockets / open client sockets on the shard's ports: the share of the traffic that
// every other figure speaks of.
#pragma once

#include <optional>

#include "agent/model/shards.h"

namespace fanfare {

// In 0..1; empty (unknown) without an open socket. Sockets that nothing has left by since they were
// found are not spoken of: no figure misses anything of theirs.
inline std::optional<double> coverage(const Shard& shard) {
  const auto open = shard.sockets_synced + shard.sockets_unsynced - shard.sockets_silent;
  if (open == 0) return std::nullopt;
  return static_cast<double>(shard.sockets_synced) / static_cast<double>(open);
}

}  // namespace fanfare
