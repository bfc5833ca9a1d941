// SPDX-License-Identifier: Apache-2.0
// The bodies of /api/v1/status and /api/v1/shards: stable shapes, tested by golden texts. No client
// address is in them; those are in sockets_json.h alone.
#pragma once

#include <string>

#include "agent/exports/view.h"

namespace fanfare {

// One object, see the golden text in tests/unit/json_test.cpp.
std::string status_json(const View& view, Monotonic now);

// An array, one object a shard. `message_bytes_out` and `message_bytes_in` are payload. `reached`
// is null without identity; ratios are in `signals`, the one furthest below its normal in `worst`.
std::string shards_json(const View& view);

}  // namespace fanfare
