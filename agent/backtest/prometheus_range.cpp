// SPDX-License-Identifier: Apache-2.0
#include "agent/backtest/prometheus_range.h"

#include <fmt/format.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/exports/json_text.h"
#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

namespace json = boost::json;

// Where the growth (of a counter) or the value (of a gauge) of a series goes in a line: `field`, or
// `field` and the value of the label `by` in it.
struct Source {
  std::string_view metric, field, by;
  bool is_gauge = false;
  std::string_view only_label{}, only_value{};
};
constexpr std::array<Source, 8> sources{{
    {"fanfare_events_due_total", "due", "origin"},
    {"fanfare_events_reached_total", "reached", "origin"},
    {"fanfare_event_copies_total", "copies", ""},
    {"fanfare_events_accepted_total", "accepted", ""},
    {"fanfare_sockets", "sockets", "state", true, "role", "client"},
    {"fanfare_messages_acked_total", "acked", "", false, "class", "event"},
    {"fanfare_messages_lost_total", "lost", "", false, "class", "event"},
    {"fanfare_shard_losses_total", "losses", "direction"},
}};

// The lines to be, by time and shard.
using Lines = std::map<std::pair<double, std::string>, json::object>;

std::string label(const json::object& metric, std::string_view name) {
  const auto* value = metric.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

const Source* source_of(const json::object& metric) {
  const auto name = label(metric, "__name__");
  for (const auto& source : sources) {
    if (source.metric != name) continue;
    if (source.only_label.empty() || label(metric, source.only_label) == source.only_value)
      return &source;
  }
  return nullptr;
}

std::optional<double> number(const json::value& text) {
  const auto* string = text.if_string();
  double number = 0;
  if (!string) return std::nullopt;
  const auto [end, error] =
      std::from_chars(string->data(), string->data() + string->size(), number);
  if (error != std::errc{} || !std::isfinite(number)) return std::nullopt;
  return number;
}

void add(json::object& line, const Source& source, const std::string& by, double amount) {
  auto* at = &line;
  std::string key(source.field);
  if (!source.by.empty()) {
    if (!line.contains(key)) line[key] = json::object{};
    at = &line[key].as_object();
    key = by;
  }
  const auto before = at->contains(key) ? at->at(key).to_number<std::uint64_t>() : 0;
  (*at)[key] = before + static_cast<std::uint64_t>(std::llround(amount));
}

void read_series(const json::object& series, const Source& source, Lines& lines) {
  const auto& metric = series.at("metric").as_object();
  const auto shard = label(metric, "shard");
  const auto by = source.by.empty() ? std::string() : label(metric, source.by);
  std::optional<std::pair<double, double>> before;
  for (const auto& sample : series.at("values").as_array()) {
    const double t = sample.as_array().at(0).to_number<double>();
    const auto value = number(sample.as_array().at(1));
    if (!value) continue;
    if (before) {
      auto& line = lines[{t, shard}];
      line["span"] = t - before->first;
      const double grown = *value < before->second ? *value : *value - before->second;
      add(line, source, by, source.is_gauge ? *value : grown);
    }
    before = {t, *value};
  }
}

Lines read_answer(const json::value& answer, const std::string& where) {
  Lines lines;
  std::set<std::string> nodes;
  for (const auto& value : answer.at("data").at("result").as_array()) {
    const auto& series = value.as_object();
    const auto& metric = series.at("metric").as_object();
    const auto* source = source_of(metric);
    if (!source) continue;
    nodes.insert(label(metric, "node"));
    read_series(series, *source, lines);
  }
  if (nodes.size() > 1)
    throw BadFile(fmt::format("{}: series of {} nodes: ask for one, node=\"{}\"", where,
                              nodes.size(), *nodes.begin()));
  return lines;
}

}  // namespace

std::vector<std::string> lines_from_prometheus(std::string_view text, const std::string& where) {
  Lines lines;
  try {
    lines = read_answer(json::parse({text.data(), text.size()}), where);
  } catch (const boost::system::system_error& error) {
    throw BadFile(fmt::format("{}: not the answer of a range query (api/v1/query_range): {}", where,
                              error.code().message()));
  } catch (const std::out_of_range&) {
    throw BadFile(where + ": not the answer of a range query (api/v1/query_range)");
  }
  if (lines.empty())
    throw BadFile(where +
                  ": no counter of fanfare with two samples is in it; README.md has the query");
  const double first = lines.begin()->first.first;
  std::vector<std::string> told;
  for (auto& [of, line] : lines) {
    json::object whole{{"t", of.first - first}, {"shard", of.second}};
    for (auto& member : line) whole.insert(member);
    told.push_back(json_text(whole));
  }
  return told;
}

}  // namespace fanfare
