// SPDX-License-Identifier: Apache-2.0
// The lists of `fanfare top` as tables of columns: what a cell shows, and what it is sorted by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/table.h"
#include "agent/cli/top_state.h"

namespace fanfare::top {

// Of a screen's list, in the order in which `s` goes through them; empty for the help.
std::vector<std::string> sort_keys(Screen screen);

// Filtered and sorted: indexes into the answer.
std::vector<std::size_t> sorted_rows(const State& state);

// Stays the same while the row is there: a name, a cookie.
std::string row_id(const State& state, std::size_t row);

// Columns and squeezes, and the cells of `rows`. The title of the sorted column ends with `down`,
// or with `up` where the order is reversed.
Table list_table(const State& state, const std::vector<std::size_t>& rows, std::string_view down,
                 std::string_view up);

// Alerts fire for the row: it is marked where there is no colour, too.
bool marked(const State& state, std::size_t row);

}  // namespace fanfare::top
