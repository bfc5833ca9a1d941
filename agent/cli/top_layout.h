// SPDX-License-Identifier: Apache-2.0
// State and size -> the lines of the screen: pure, without a terminal.
#pragma once

#include <vector>

#include "agent/cli/top_lines.h"
#include "agent/cli/top_state.h"

namespace fanfare::top {

struct Looks {
  bool ascii = false;
  double now = 0;  // seconds of the asker's clock, for ages
};

// At most state.size.rows lines of at most state.size.columns cells.
std::vector<Line> layout(const State& state, const Looks& looks);

// For `--once`: every row, every alert with its reason, no keys. `columns` 0: nothing is cut.
std::vector<Line> plain_screen(const State& state, std::size_t columns, const Looks& looks);

}  // namespace fanfare::top
