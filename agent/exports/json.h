// SPDX-License-Identifier: Apache-2.0
// The bodies of /api/v1/status and /api/v1/shards: stable shapes, tested by golden texts. No client
// address is in them; those are in sockets_json.h alone.
#pragma once

#include <string>

#include "agent/exports/view.h"

namespace fanfare {

// One object, see the golden text in tests/unit/json_test.cpp.
std::string status_json(const View& view, Monotonic now);

// An array, one object a shard. `bytes_out` and `bytes_in` are payload of messages.
std::string shards_json(const View& view);

}  // namespace fanfare
