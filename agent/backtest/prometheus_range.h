// SPDX-License-Identifier: Apache-2.0
// From the answer of a Prometheus range query over an agent's counters to the lines that
// `fanfare judge` reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

// The metrics that are read, see prometheus_range.cpp; others are passed over. One line for each
// shard and step in which a counter of it was there at both ends; a counter that falls began anew.
// Times count from the first step. Throws BadFile, named by `where`, where the text is no such
// answer, holds more than one node, or none of the metrics.
std::vector<std::string> lines_from_prometheus(std::string_view answer, const std::string& where);

}  // namespace fanfare
