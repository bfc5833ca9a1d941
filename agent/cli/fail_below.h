// SPDX-License-Identifier: Apache-2.0
// `--fail-below`: the cron check on the coverage of shards and on how far their events get.
#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

// Where the agent puts the sockets of `fanfare selftest`. Left out of the check: it has no sockets
// between two selftests, and nobody's clients in it.
inline constexpr std::string_view selftest_shard = "fanfare-selftest";

// A sentence for each failure. Unknown coverage fails, and so does having no shard: a check that
// passes while nothing is measured would be worse than none. Propagation is compared by its normal
// (agent/exports/propagation.h) and does not fail while it is unknown: not every shard is
// configured for it.
std::vector<std::string> failures_below(const boost::json::array& shards, double least);

}  // namespace fanfare
