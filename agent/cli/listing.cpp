// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/listing.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "agent/cli/answer.h"
#include "agent/cli/numbers.h"

namespace fanfare {
namespace {

namespace json = boost::json;

// What a row is sorted by. Missing values come last whatever the order.
struct SortValue {
  bool missing = false;
  double number = 0;        // text sorts by `text`, and has 0 here
  std::uint64_t count = 0;  // exact beyond 2^53, where a double is not
  std::string text;
};

const Field& field_of(const ListingShape& shape, std::string_view key) {
  return *std::find_if(shape.fields.begin(), shape.fields.end(),
                       [key](const Field& field) { return field.key == key; });
}

double severity_rank(const std::string& severity) {
  return severity == "critical" ? 0 : severity == "warning" ? 1 : 2;
}

SortValue sort_value(const json::object& row, const Field& field) {
  SortValue value;
  if (at_path(row, field.path).is_null()) {
    value.missing = true;
  } else if (field.kind == Kind::text) {
    value.text = text_at(row, field.path);
  } else if (field.kind == Kind::severity) {
    value.number = severity_rank(text_at(row, field.path));
  } else if (field.kind == Kind::propagation) {
    value.number = number_at(object_at(row, field.path), "relative");
  } else if (field.kind == Kind::count || field.kind == Kind::id) {
    value.count = count_at(row, field.path);
  } else {
    value.number = number_at(row, field.path);
  }
  return value;
}

// Names from A to Z and ids upwards, the worst coverage, propagation and severity first, all other
// figures from the largest down.
bool before(const SortValue& a, const SortValue& b, Kind kind) {
  if (a.missing != b.missing) return b.missing;
  if (kind == Kind::text) return a.text < b.text;
  if (kind == Kind::count) return a.count > b.count;
  if (kind == Kind::id) return a.count < b.count;
  const bool worst_first =
      kind == Kind::coverage || kind == Kind::propagation || kind == Kind::severity;
  return worst_first ? a.number < b.number : a.number > b.number;
}

// A cell is as red as what is behind it: 5 % of a loss page somebody.
Cell propagation_cell(const json::value& worst) {
  if (worst.is_null()) return {unknown_figure};
  const json::object& signal = as_object(worst, "worst");
  const double relative = number_at(signal, "relative");
  const Tone tone = relative < 0.95 ? Tone::bad : relative < 0.99 ? Tone::warn : Tone::good;
  return {text_at(signal, "signal") + " " +
              of_normal_text(number_at(signal, "ratio"), maybe_number_at(signal, "normal")),
          tone};
}

Cell severity_cell(const std::string& severity) {
  const double rank = severity_rank(severity);
  return {severity, rank == 0 ? Tone::bad : rank == 1 ? Tone::warn : Tone::plain};
}

Cell cell(const json::object& row, const Field& field) {
  switch (field.kind) {
    case Kind::text:
      return {maybe_text_at(row, field.path).value_or(unknown_figure)};
    case Kind::count:
      if (at_path(row, field.path).is_null()) return {unknown_figure};
      return {grouped(count_at(row, field.path))};
    case Kind::id:
      if (at_path(row, field.path).is_null()) return {unknown_figure};
      return {std::to_string(count_at(row, field.path))};
    case Kind::rate:
      return {rate_text(maybe_number_at(row, field.path))};
    case Kind::age:
      return {age_text(maybe_number_at(row, field.path))};
    case Kind::coverage: {
      const std::optional<double> ratio = maybe_number_at(row, field.path);
      const Tone tone = !ratio ? Tone::plain : *ratio < 1 ? Tone::warn : Tone::good;
      return {ratio_text(ratio), tone};
    }
    case Kind::propagation:
      return propagation_cell(at_path(row, field.path));
    case Kind::severity:
      return severity_cell(text_at(row, field.path));
  }
  return {};
}

struct Keyed {
  SortValue key;
  SortValue tie;
  const json::value* row = nullptr;
};

}  // namespace

std::vector<std::string> sort_keys(const ListingShape& shape) {
  std::vector<std::string> keys;
  keys.reserve(shape.fields.size());
  for (const Field& field : shape.fields) keys.emplace_back(field.key);
  return keys;
}

Chosen choose(const json::array& rows, const ListingShape& shape, const Selection& selection) {
  const std::string_view key = selection.sort ? *selection.sort : shape.order;
  const Field& tie = field_of(shape, shape.tie);
  const Field& order = key.empty() ? tie : field_of(shape, key);
  std::vector<Keyed> keyed;
  for (const json::value& value : rows) {
    const json::object& row = as_object(value, "a row");
    if (selection.shard && maybe_text_at(row, "shard") != *selection.shard) continue;
    keyed.push_back({sort_value(row, order), sort_value(row, tie), &value});
  }
  const auto by_key = [&](const Keyed& a, const Keyed& b) {
    if (before(a.key, b.key, order.kind)) return true;
    if (before(b.key, a.key, order.kind)) return false;
    return std::tie(a.tie.text, a.tie.count) < std::tie(b.tie.text, b.tie.count);
  };
  if (!key.empty()) std::stable_sort(keyed.begin(), keyed.end(), by_key);
  Chosen chosen;
  chosen.of = keyed.size();
  if (selection.limit && *selection.limit < keyed.size()) keyed.resize(*selection.limit);
  for (const Keyed& one : keyed) chosen.rows.push_back(*one.row);
  return chosen;
}

std::string listing_table(const json::array& rows, const ListingShape& shape, const Look& look) {
  Table table;
  table.rows.reserve(rows.size());
  for (const Field& field : shape.fields) {
    const bool words =
        field.kind == Kind::text || field.kind == Kind::severity || field.kind == Kind::propagation;
    const Align align = words ? Align::left : Align::right;
    table.columns.push_back({std::string(field.title), align});
  }
  for (const json::value& value : rows) {
    const json::object& row = as_object(value, "a row");
    std::vector<Cell> cells;
    cells.reserve(shape.fields.size());
    for (const Field& field : shape.fields) cells.push_back(cell(row, field));
    table.rows.push_back(std::move(cells));
  }
  table.squeezes = shape.squeezes;
  return render(table, look);
}

}  // namespace fanfare
