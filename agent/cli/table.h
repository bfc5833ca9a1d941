// SPDX-License-Identifier: Apache-2.0
// Plain aligned tables for a terminal or a pipe. Every cell is escaped here, so that no name from
// the wire reaches a terminal unescaped. Knows nothing of what the columns mean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

// How output should look; decided once from the terminal, the environment and --color.
struct Look {
  std::size_t columns = 0;  // cells of the terminal; 0: not a terminal, nothing is cut
  bool color = false;
  bool utf8 = true;  // false: the locale shows nothing but ASCII
};

enum class Tone { plain, good, warn, bad };
enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

// What may be given up for width: cut the column down to `width` cells, or drop it with 0.
struct Squeeze {
  std::size_t column = 0;
  std::size_t width = 0;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::vector<Squeeze> squeezes;  // least important first; applied only until the table fits
};

std::string painted(std::string_view text, Tone tone, const Look& look);
std::string render(const Table& table, const Look& look);

inline constexpr std::size_t column_gap = 2;  // cells
// Cells of each column so that the table takes at most `columns` (0: as it is); 0: left out. The
// cells' texts must be escaped already.
std::vector<std::size_t> fitted_widths(const Table& table, std::size_t columns);

}  // namespace fanfare
