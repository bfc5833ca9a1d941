// SPDX-License-Identifier: Apache-2.0
// The body of /api/v1/sockets: one line of JSON for each open socket of a shard. It holds client
// addresses and is served on the admin socket only (respond.h).
#pragma once

#include <optional>
#include <string>

#include "agent/exports/view.h"

namespace fanfare {

struct SocketFilter {
  std::optional<std::string> shard{};  // the name as the exports show it
  bool closed = false;                 // closed sockets too
};

// An array. What is not known is null, never 0:
// - events, control and the like: of a replication socket; its frames are RPCs, or answers to them;
// - rpcs, entries: of a client's socket;
// - acked, in_flight, lost: not measured yet;
// - unit, container, namespace, pod: its cgroup is not of such a one, or the pod is not known;
// - pid, comm, srtt_us, unsent_bytes: the owner of the socket was not seen;
// - opened_seconds: older than the agent;
// - last_event_seconds: no event yet.
std::string sockets_json(const View& view, Monotonic now, const SocketFilter& filter = {});

}  // namespace fanfare
