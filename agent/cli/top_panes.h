// SPDX-License-Identifier: Apache-2.0
// The parts of the screen around the list. Each line may be wider than the screen: the layout cuts.
#pragma once

#include <cstddef>
#include <vector>

#include "agent/cli/top_layout.h"

namespace fanfare::top {

// Node, health, what fires, when it was scraped; what matters less is left out where it is narrow.
Line header(const State& state, std::size_t columns);

// Where one is: the way down from the shards, how many rows, filter, paused; or that the agent does
// not answer. `first` to `last` are the rows in sight, from 1.
Line crumbs(const State& state, std::size_t first, std::size_t last, const Looks& looks);

// Figures of the opened shard, and its 15 minutes.
std::vector<Line> shard_pane(const State& state, std::size_t columns, const Looks& looks);

// The alerts that fire, each in one line, as many as fit in `rows`.
std::vector<Line> firing_pane(const State& state, std::size_t rows);

// What one alert says: what users feel, why, what to do first.
std::vector<Line> alert_pane(const Alert& alert, std::size_t columns);

// Why there is no row.
std::string nothing_text(const State& state);

Line footer(const State& state, std::size_t columns);
std::vector<Line> help_lines();

}  // namespace fanfare::top
