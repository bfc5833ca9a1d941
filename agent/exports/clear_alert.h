// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/alerts/clear?alertname=NAME&shard=SHARD, on the admin socket only: the one request
// that changes something.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "agent/exports/respond.h"

namespace fanfare {

// Ends what fires by that name for that shard; how many alerts that were.
using ClearAlert = std::function<std::size_t(const std::string& alertname, const std::string& shard,
                                             unsigned int uid)>;

// Nothing where the request is for another path. `uid`: who asks, as the kernel says.
std::optional<Response> respond_to_clear(const Request& request, const ClearAlert& clear,
                                         unsigned int uid);

}  // namespace fanfare
