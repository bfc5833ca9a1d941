// SPDX-License-Identifier: Apache-2.0
// What is wrong with the agent's own sight, as sentences with a stable code. Not alerts: nothing
// here judges the shards' traffic.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/exports/view.h"

namespace fanfare {

inline constexpr std::chrono::seconds stale_after{5};     // a tick is one second
inline constexpr double coverage_wanted = 0.95;           // below it the rest may hide a fault
inline constexpr double map_fill_wanted = 0.9;            // above it there is little time to act
inline constexpr std::chrono::seconds recent_losses{60};  // span of LossView::recent

struct Finding {
  std::string code;    // stable, "FF-..."
  std::string text;    // what is so, with its figures
  std::string remedy;  // what to do
  bool operator==(const Finding&) const = default;
};

// How many client sockets are not followed at all, and why, by enum fanfare_dark_reason: "dark: 3
// found no room ...". Empty where there are none.
std::string dark_text(const std::array<std::uint64_t, FANFARE_DARK_REASONS>& by_reason);

// What the shard has lost in the last minute, by direction, and what to do about the last reason.
std::string losses_text(const ShardView& shard);
std::string loss_remedy(const ShardView& shard);

// Age of what the view shows; empty before the first reading of the kernel.
std::optional<std::chrono::nanoseconds> snapshot_age(const View& view, Monotonic now);

// Why the agent is not ready (not attached or not counting, not fresh, scope refuted); empty: it is
// ready.
std::vector<Finding> unready(const View& view, Monotonic now);

// Those, and what an operator should know besides, worst first.
std::vector<Finding> findings(const View& view, Monotonic now);

}  // namespace fanfare
