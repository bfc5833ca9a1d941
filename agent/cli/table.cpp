// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/table.h"

#include <algorithm>

#include "agent/cli/escape.h"

namespace fanfare {
namespace {

constexpr std::size_t gap = column_gap;
// A dropped column; an empty column is still as wide as its title.
constexpr std::size_t dropped = 0;

std::size_t total(const std::vector<std::size_t>& widths) {
  std::size_t cells = 0;
  for (const std::size_t width : widths) {
    if (width != dropped) cells += width + gap;
  }
  return cells == 0 ? 0 : cells - gap;
}

std::vector<std::size_t> natural_widths(const Table& table) {
  std::vector<std::size_t> widths;
  widths.reserve(table.columns.size());
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t width = display_width(table.columns[i].title);
    for (const auto& row : table.rows) width = std::max(width, display_width(row[i].text));
    widths.push_back(std::max<std::size_t>(width, 1));
  }
  return widths;
}

std::size_t squeezed(const std::vector<std::size_t>& widths, const Squeeze& by,
                     std::size_t columns) {
  if (by.width == 0) return dropped;
  const std::size_t width = widths.at(by.column);
  const std::size_t excess = total(widths) - columns;
  const std::size_t wanted = width > excess ? width - excess : 1;
  return std::min(width, std::max(wanted, by.width));
}

std::string line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                 const Table& table, const Look& look) {
  std::string text;
  std::size_t pending = 0;  // blanks due before the next text, so that no line ends in blanks
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (widths[i] == dropped) continue;
    const std::string shown = shortened(cells[i].text, widths[i]);
    const std::size_t blanks = widths[i] - display_width(shown);
    const bool right = table.columns[i].align == Align::right;
    if (right) pending += blanks;
    if (!shown.empty()) {
      text.append(pending, ' ');
      text += painted(shown, cells[i].tone, look);
      pending = 0;
    }
    if (!right) pending += blanks;
    pending += gap;
  }
  return text + "\n";
}

}  // namespace

// What a later squeeze freed goes back to the columns that were only cut.
std::vector<std::size_t> fitted_widths(const Table& table, std::size_t columns) {
  const std::vector<std::size_t> natural = natural_widths(table);
  std::vector<std::size_t> widths = natural;
  for (const Squeeze& by : table.squeezes) {
    if (columns == 0 || total(widths) <= columns) break;
    widths.at(by.column) = squeezed(widths, by, columns);
  }
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::size_t used = total(widths);
    if (widths[i] == dropped || used >= columns) continue;
    widths[i] = std::min(natural[i], widths[i] + columns - used);
  }
  return widths;
}

std::string painted(std::string_view text, Tone tone, const Look& look) {
  if (!look.color || tone == Tone::plain) return std::string(text);
  const char* code = tone == Tone::good ? "\x1b[32m" : tone == Tone::warn ? "\x1b[33m" : "\x1b[31m";
  return std::string(code) + std::string(text) + "\x1b[0m";
}

std::string render(const Table& given, const Look& look) {
  Table table = given;
  for (auto& row : table.rows) {
    row.resize(table.columns.size());
    for (Cell& cell : row) cell.text = terminal_safe(cell.text);
  }
  const std::vector<std::size_t> widths = fitted_widths(table, look.columns);
  std::vector<Cell> titles;
  titles.reserve(table.columns.size());
  for (const Column& column : table.columns) titles.push_back({column.title, Tone::plain});
  std::string text = line(titles, widths, table, look);
  for (const auto& row : table.rows) text += line(row, widths, table, look);
  return text;
}

}  // namespace fanfare
