// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_layout.h"

#include <algorithm>
#include <utility>

#include "agent/cli/escape.h"
#include "agent/cli/top_list.h"
#include "agent/cli/top_panes.h"

namespace fanfare::top {
namespace {

constexpr std::size_t marks = 2;           // cells before the first column
constexpr std::size_t least_list = 4;      // rows that panes leave to a list that has them
constexpr std::size_t roomy_rows = 14;     // from here on there is room for panes
constexpr std::size_t narrowest_plot = 8;  // cells
constexpr std::string_view plot_title = "LAST 15 MIN";
constexpr std::string_view short_plot_title = "15 MIN";

struct Window {
  std::size_t first = 0;  // place in state.rows
  std::size_t count = 0;
};

// The cursor in the middle, as far as the ends of the list allow.
Window window_of(const State& state, std::size_t height) {
  const std::size_t count = std::min(height, state.rows.size());
  const std::size_t at = state.list().cursor_at;
  const std::size_t first = at > count / 2 ? at - count / 2 : 0;
  return {std::min(first, state.rows.size() - count), count};
}

Table safe_table(const State& state, const std::vector<std::size_t>& rows, const Looks& looks) {
  Table table = list_table(state, rows, looks.ascii ? "v" : "▼", looks.ascii ? "^" : "▲");
  for (auto& row : table.rows)
    for (Cell& cell : row) cell.text = terminal_safe(cell.text);
  return table;
}

Line table_line(const std::vector<Cell>& cells, const Table& table,
                const std::vector<std::size_t>& widths) {
  Line line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string shown = shortened(cells[i].text, widths[i]);
    const std::string blanks(widths[i] - display_width(shown), ' ');
    const bool right = table.columns[i].align == Align::right;
    if (!line.empty()) line.push_back({std::string(column_gap, ' ')});
    if (right) line.push_back({blanks});
    line.push_back({shown, {.tone = cells[i].tone, .bold = cells[i].tone == Tone::bad}});
    if (!right) line.push_back({blanks});
  }
  return line;
}

// What is left for the plot beside the table; 0: no plot.
std::size_t plot_cells(const State& state, const Table& table, std::size_t columns) {
  constexpr std::size_t widest = 60;
  constexpr std::size_t usual = 72;  // a terminal that is narrower has no room for it
  if (state.screen != Screen::shards) return 0;
  if (columns == 0) return widest / 2;
  std::size_t natural = marks;
  for (const std::size_t width : fitted_widths(table, 0)) natural += width + column_gap;
  if (columns >= natural + narrowest_plot) return std::min(columns - natural, widest);
  return columns >= usual ? narrowest_plot : 0;
}

std::vector<Line> list_lines(const State& state, Window window, std::size_t columns,
                             const Looks& looks) {
  const auto begin = state.rows.begin() + static_cast<std::ptrdiff_t>(window.first);
  const std::vector<std::size_t> rows(begin, begin + static_cast<std::ptrdiff_t>(window.count));
  const Table table = safe_table(state, rows, looks);
  const std::size_t plot = plot_cells(state, table, columns);
  const std::size_t taken = marks + (plot > 0 ? plot + column_gap : 0);
  const auto widths = fitted_widths(table, columns == 0      ? 0
                                           : columns > taken ? columns - taken
                                                             : 1);

  std::vector<Cell> titles;
  titles.reserve(table.columns.size());
  for (const Column& column : table.columns) titles.push_back({column.title, Tone::plain});
  Line title = table_line(titles, table, widths);
  title.insert(title.begin(), {std::string(marks, ' ')});
  if (plot > 0)
    title.push_back({"  " + std::string(plot < plot_title.size() ? short_plot_title : plot_title)});
  for (Span& span : title) span.style.bold = true;
  std::vector<Line> lines{title};

  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool chosen = columns > 0 && window.first + i == state.list().cursor_at;
    Line line = table_line(table.rows[i], table, widths);
    line.insert(line.begin(),
                {std::string(marked(state, rows[i]) ? "!" : " ") + (chosen ? ">" : " "),
                 {.tone = marked(state, rows[i]) ? Tone::bad : Tone::plain, .bold = true}});
    if (plot > 0) {
      line.push_back({"  "});
      const auto bars = state.past.shards.find(state.answer.shards.at(rows[i]).name);
      static const std::vector<Bar> none;
      const Line spark = sparkline(bars == state.past.shards.end() ? none : bars->second,
                                   newest(state.past), state.past.step_seconds, plot, looks.ascii);
      line.insert(line.end(), spark.begin(), spark.end());
    }
    if (chosen) {
      line = fitted(std::move(line), columns, true);
      for (Span& span : line) span.style.reverse = true;
    }
    lines.push_back(std::move(line));
  }
  if (rows.empty()) lines.push_back({{std::string(marks, ' ') + nothing_text(state), {}}});
  return lines;
}

// Above the list, below it.
struct Panes {
  std::vector<Line> above, below;
};

Panes panes_of(const State& state, const Looks& looks) {
  Panes panes;
  const std::size_t rows = state.size.rows;
  const bool drilled = state.screen == Screen::sockets || state.screen == Screen::peers;
  if (state.screen == Screen::alerts && !state.rows.empty()) {
    const auto at = std::min(state.list().cursor_at, state.rows.size() - 1);
    panes.below = alert_pane(state.answer.alerts.at(state.rows[at]), state.size.columns);
  } else if (rows >= roomy_rows) {
    panes.below = firing_pane(state, rows / 6);
    if (drilled) panes.above = shard_pane(state, state.size.columns, looks);
  }
  // Header, crumbs, titles, footer, a blank line.
  const std::size_t list = std::clamp<std::size_t>(state.rows.size(), 1, least_list);
  const std::size_t frame = 5 + list + panes.above.size();
  const std::size_t room = rows > frame ? rows - frame : 0;
  if (panes.below.size() > room) panes.below.resize(room);
  return panes;
}

void append(std::vector<Line>& lines, const std::vector<Line>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

std::vector<Line> help_screen(const State& state, const Looks& looks) {
  const auto help = help_lines();
  const std::size_t height = state.size.rows > 3 ? state.size.rows - 3 : 1;
  const std::size_t last = help.size() > height ? help.size() - height : 0;
  const std::size_t first = std::min(state.list().cursor_at, last);
  std::vector<Line> lines{header(state, state.size.columns), crumbs(state, 1, 1, looks)};
  for (std::size_t i = first; i < help.size() && i < first + height; ++i) lines.push_back(help[i]);
  return lines;
}

std::vector<Line> list_screen(const State& state, const Looks& looks) {
  const Panes panes = panes_of(state, looks);
  const std::size_t rows = state.size.rows;
  const std::size_t gap = panes.below.empty() ? 0 : 1;
  const std::size_t taken = 4 + panes.above.size() + panes.below.size() + gap;
  const Window window = window_of(state, rows > taken ? rows - taken : 1);
  std::vector<Line> lines{header(state, state.size.columns),
                          crumbs(state, window.first + 1, window.first + window.count, looks)};
  append(lines, panes.above);
  append(lines, list_lines(state, window, state.size.columns, looks));
  if (panes.below.empty()) return lines;
  lines.resize(std::max(lines.size(), rows - 1 - panes.below.size()));
  append(lines, panes.below);
  return lines;
}

}  // namespace

std::vector<Line> layout(const State& state, const Looks& looks) {
  const auto [rows, columns] = state.size;
  auto lines = state.screen == Screen::help ? help_screen(state, looks) : list_screen(state, looks);
  lines.resize(rows > 0 ? rows - 1 : 0);
  if (rows > 0) lines.push_back(footer(state, columns));
  const bool stale = !state.trouble.empty();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i] = fitted(std::move(lines[i]), columns, false);
    for (Span& span : lines[i]) {
      if (looks.ascii) span.text = ascii_text(span.text);
      if (stale && i != 1) span.style = {.dim = true, .reverse = span.style.reverse};
    }
  }
  return lines;
}

std::vector<Line> plain_screen(const State& state, std::size_t columns, const Looks& looks) {
  const std::size_t unbounded = 10000;
  const std::size_t wide = columns == 0 ? unbounded : columns;
  const Window all{0, state.rows.size()};
  std::vector<Line> lines{header(state, wide), crumbs(state, 1, all.count, looks)};
  if (!state.shard.empty()) append(lines, shard_pane(state, columns == 0 ? 100 : columns, looks));
  State shown = state;
  shown.list().cursor_at = all.count;  // no row is chosen
  append(lines, list_lines(shown, all, columns, looks));
  for (const Alert& alert : state.answer.alerts) {
    if (!alert.fires() && alert.severity != "finding") continue;
    lines.emplace_back();
    const std::string where = alert.shard.empty() ? "" : "  " + alert.shard;
    lines.push_back({{terminal_safe(alert.severity + " " + alert.name + where),
                      {.tone = alert.severity == "critical" ? Tone::bad : Tone::warn}}});
    append(lines, alert_pane(alert, columns));
  }
  for (Line& line : lines) {
    line = fitted(std::move(line), wide, false);
    if (!looks.ascii) continue;
    for (Span& span : line) span.text = ascii_text(span.text);
  }
  return lines;
}

}  // namespace fanfare::top
