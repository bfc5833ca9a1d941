// SPDX-License-Identifier: Apache-2.0
// The body of /api/v1/history: the last 15 minutes of shards, without client addresses.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "agent/exports/view.h"

namespace fanfare {

// Without a shard named, no answer has more: 64 shards of 180 points are 2.5 MB of text.
inline constexpr std::size_t history_shards_shown = 64;

// {"step_seconds":5,"now_seconds":unix,"shards_left_out":n,"shards":[{"shard":..,"points":[..]}]}:
// for the shards of now, by name, and for those that have gone within the 15 minutes; points oldest
// first, `at` is the end of the step; null is unknown; a step in which the agent did not tick or
// the shard was not there is missing. `shard`: only that one, as it is shown elsewhere.
std::string history_json(const View& view, Monotonic now, const std::optional<std::string>& shard);

}  // namespace fanfare
