// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_list.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "agent/cli/top_columns.h"

namespace fanfare::top {
namespace {

const PeerSignal* signal_of(const State& state, const std::string& peer) {
  const auto shard = std::ranges::find(state.answer.shards, state.shard, &Shard::name);
  if (shard == state.answer.shards.end()) return nullptr;
  const auto found = std::ranges::find(shard->peers, peer, &PeerSignal::peer);
  return found == shard->peers.end() ? nullptr : &*found;
}

bool before(const Value& a, const Value& b) {
  if (a.is_text) {
    if (a.text.empty() != b.text.empty()) return b.text.empty();
    return a.text < b.text;
  }
  if (a.number.has_value() != b.number.has_value()) return a.number.has_value();
  return a.number && *a.number < *b.number;
}

bool unknown(const Value& value) { return value.is_text ? value.text.empty() : !value.number; }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

template <typename Row, typename At>
std::vector<std::size_t> order(const ColumnsOf<Row>& list, std::size_t count, const State& state,
                               const At& at) {
  const std::string filter = lower(state.list().filter);
  const auto passes = [&](std::size_t i) {
    if (filter.empty()) return true;
    return std::ranges::any_of(list.columns, [&](const ColumnOf<Row>& column) {
      return column.align == Align::left &&
             lower(column.cell(at(i), state.totals).text).find(filter) != std::string::npos;
    });
  };
  const ColumnOf<Row>& by = list.columns.at(state.list().sort);
  std::vector<std::pair<Value, std::size_t>> keyed;
  for (std::size_t i = 0; i < count; ++i)
    if (passes(i)) keyed.emplace_back(by.value(at(i), state.totals), i);
  const bool reversed = state.list().reversed;
  std::ranges::stable_sort(keyed, [reversed](const auto& a, const auto& b) {
    // What is unknown stands last both ways.
    if (unknown(a.first) != unknown(b.first)) return unknown(b.first);
    return reversed ? before(b.first, a.first) : before(a.first, b.first);
  });
  std::vector<std::size_t> rows;
  rows.reserve(keyed.size());
  for (const auto& [value, i] : keyed) rows.push_back(i);
  return rows;
}

template <typename Row, typename At>
Table table(const ColumnsOf<Row>& list, const State& state, const std::vector<std::size_t>& rows,
            const At& at) {
  Table table;
  for (const auto& column : list.columns) {
    const bool totals = state.totals && !column.title_of_totals.empty();
    table.columns.push_back(
        {std::string(totals ? column.title_of_totals : column.title), column.align});
  }
  for (const Concession& concession : list.concessions) {
    const auto found = std::ranges::find(list.columns, concession.key, &ColumnOf<Row>::key);
    table.squeezes.push_back(
        {static_cast<std::size_t>(found - list.columns.begin()), concession.width});
  }
  for (const std::size_t row : rows) {
    auto& cells = table.rows.emplace_back();
    for (const auto& column : list.columns) cells.push_back(column.cell(at(row), state.totals));
  }
  return table;
}

// Calls `visit` with the columns, the number of rows and how a row is had.
template <typename Visit>
auto with_list(const State& state, const Visit& visit) {
  const Answer& answer = state.answer;
  switch (state.screen) {
    case Screen::sockets:
      return visit(socket_columns(), answer.sockets.size(),
                   [&](std::size_t i) -> const Socket& { return answer.sockets[i]; });
    case Screen::peers:
      return visit(peer_columns(), answer.peers.size(), [&](std::size_t i) {
        return PeerRow{answer.peers[i], signal_of(state, answer.peers[i].name)};
      });
    case Screen::alerts:
      return visit(alert_columns(), answer.alerts.size(),
                   [&](std::size_t i) -> const Alert& { return answer.alerts[i]; });
    case Screen::shards:
    case Screen::help:
      break;
  }
  return visit(shard_columns(), answer.shards.size(),
               [&](std::size_t i) -> const Shard& { return answer.shards[i]; });
}

}  // namespace

std::vector<std::string> sort_keys(Screen screen) {
  std::vector<std::string> keys;
  if (screen == Screen::help) return keys;
  State state;
  state.screen = screen;
  with_list(state, [&](const auto& list, std::size_t, const auto&) {
    for (const auto& column : list.columns) keys.emplace_back(column.key);
  });
  return keys;
}

std::vector<std::size_t> sorted_rows(const State& state) {
  if (state.screen == Screen::help) return {};
  return with_list(state, [&](const auto& list, std::size_t count, const auto& at) {
    return order(list, count, state, at);
  });
}

std::string row_id(const State& state, std::size_t row) {
  switch (state.screen) {
    case Screen::sockets:
      return std::to_string(state.answer.sockets.at(row).cookie);
    case Screen::peers:
      return state.answer.peers.at(row).name;
    case Screen::alerts: {
      const Alert& alert = state.answer.alerts.at(row);
      return alert.name + "\n" + alert.shard + "\n" + alert.peer;
    }
    case Screen::shards:
      return state.answer.shards.at(row).name;
    case Screen::help:
      break;
  }
  return {};
}

Table list_table(const State& state, const std::vector<std::size_t>& rows, std::string_view down,
                 std::string_view up) {
  Table made = with_list(state, [&](const auto& list, std::size_t, const auto& at) {
    return table(list, state, rows, at);
  });
  made.columns.at(state.list().sort).title += state.list().reversed ? up : down;
  return made;
}

bool marked(const State& state, std::size_t row) {
  if (state.screen == Screen::shards) return state.answer.shards.at(row).firing > 0;
  return state.screen == Screen::alerts && state.answer.alerts.at(row).fires();
}

}  // namespace fanfare::top
