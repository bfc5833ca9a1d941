// SPDX-License-Identifier: Apache-2.0
#include "agent/backtest/counts_line.h"

#include <fmt/format.h>

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <cmath>
#include <functional>
#include <utility>

#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

namespace json = boost::json;

constexpr double greatest_time = 1e9;  // s, 31 years
constexpr double greatest_count = 1e15;
// What is judged by the level of sockets takes any number that stays: with the least for which a
// start into a total stop is found.
constexpr std::uint64_t sockets_unknown = 20;

std::uint64_t named(std::string_view text) {
  const std::uint64_t hash = std::hash<std::string_view>{}(text);
  return hash == 0 ? 1 : hash;
}

// Reads members of one object, and says where something is not as it must be.
class Members {
 public:
  Members(const json::value& value, const std::string& where, std::string path)
      : where_(where), path_(std::move(path)) {
    object_ = value.if_object();
    if (!object_) fail("", "an object");
  }

  const json::value* find(const char* key) const {
    const auto* value = object_->if_contains(key);
    return value && !value->is_null() ? value : nullptr;
  }

  double number(const char* key, const json::value& value, double least, double most) const {
    boost::system::error_code error;
    const double number = value.to_number<double>(error);
    if (error || !std::isfinite(number) || number < least || number > most)
      fail(key, fmt::format("a number from {:g} to {:g}", least, most));
    return number;
  }

  std::optional<double> number(const char* key, double least = 0,
                               double most = greatest_count) const {
    const auto* value = find(key);
    return value ? std::optional(number(key, *value, least, most)) : std::nullopt;
  }

  std::optional<std::uint64_t> count(const char* key) const {
    const auto value = number(key);
    if (!value) return std::nullopt;
    if (*value != std::floor(*value)) fail(key, "a whole number");
    return static_cast<std::uint64_t>(*value);
  }

  std::optional<std::string_view> text(const char* key) const {
    const auto* value = find(key);
    if (!value) return std::nullopt;
    const auto* string = value->if_string();
    if (!string || string->empty()) fail(key, "a text");
    return std::string_view(*string);
  }

  std::optional<bool> truth(const char* key) const {
    const auto* value = find(key);
    if (!value) return std::nullopt;
    const auto* truth = value->if_bool();
    if (!truth) fail(key, "true or false");
    return *truth;
  }

  std::optional<Members> object(const char* key) const {
    const auto* value = find(key);
    return value ? std::optional(Members(*value, where_, path_ + key + ".")) : std::nullopt;
  }

  // Null where it is absent.
  const json::array* array(const char* key) const {
    const auto* value = find(key);
    if (value && !value->is_array()) fail(key, "an array");
    return value ? &value->get_array() : nullptr;
  }

  Members entry(const json::value& value, const char* key, std::size_t i) const {
    return {value, where_, fmt::format("{}{}[{}].", path_, key, i)};
  }

  // A socket is named by a number or by a text.
  SocketId socket(const char* key, const json::value& value) const {
    if (const auto* text = value.if_string()) return named(std::string_view(*text));
    return static_cast<SocketId>(number(key, value, 0, greatest_count)) + 1;
  }

  [[noreturn]] void fail(const char* key, const std::string& wanted) const {
    const auto path = path_ + key;
    throw BadFile(
        fmt::format("{}: {} must be {}", where_, path.empty() ? "the line" : path, wanted));
  }

 private:
  const json::object* object_ = nullptr;
  const std::string& where_;
  std::string path_;
};

std::array<std::uint64_t, age_classes> ages(const Members& from, const char* key) {
  std::array<std::uint64_t, age_classes> counts{};
  const auto* array = from.array(key);
  if (!array) return counts;
  if (array->size() != counts.size()) from.fail(key, "an array of four counts, by age");
  for (std::size_t i = 0; i < counts.size(); ++i)
    counts[i] = static_cast<std::uint64_t>(from.number(key, (*array)[i], 0, greatest_count));
  return counts;
}

SettledEvent settled(const Members& from) {
  SettledEvent event;
  if (const auto room = from.text("room")) event.room = named(*room);
  const auto origin = from.text("origin").value_or("remote");
  if (origin != "local" && origin != "remote") from.fail("origin", "\"local\" or \"remote\"");
  event.local = origin == "local";
  event.copies = static_cast<std::uint32_t>(from.number("copies", 0, UINT32_MAX).value_or(0));
  event.lag_seconds = from.number("lag", 0, greatest_time).value_or(-1);
  if (const auto* publisher = from.find("publisher"))
    event.publisher = from.socket("publisher", *publisher);
  const auto* to = from.array("to");
  for (std::size_t i = 0; to && i < to->size() && i < event.to.size(); ++i)
    event.to[i] = from.socket("to", (*to)[i]);
  return event;
}

void read_events(const Members& line, ShardDelta& delta) {
  auto& events = delta.events;
  if (const auto* array = line.array("events")) {
    events.settled.reserve(array->size());
    for (std::size_t i = 0; i < array->size(); ++i)
      events.settled.push_back(settled(line.entry((*array)[i], "events", i)));
  }
  if (const auto* array = line.array("gone"))
    for (const auto& value : *array) events.gone.push_back(line.socket("gone", value));
  if (const auto* array = line.array("left"))
    for (const auto& value : *array) {
      const auto* pair = value.if_array();
      if (!pair || pair->size() != 2 || !(*pair)[1].is_string())
        line.fail("left", "an array of [socket, room]");
      events.left.push_back({line.socket("left", (*pair)[0]), named((*pair)[1].get_string())});
    }
  if (const auto* array = line.array("late"))
    for (std::size_t i = 0; i < array->size(); ++i) {
      const auto entry = line.entry((*array)[i], "late", i);
      const auto room = entry.text("room");
      events.late.push_back({.room = room ? named(*room) : 0,
                             .local = entry.text("origin") == "local",
                             .lag_seconds = entry.number("lag").value_or(0)});
    }
}

// Events that have settled stand in for the counts of what was due and reached.
void count_events(ShardDelta& delta) {
  std::uint64_t due = 0;
  std::uint64_t copies = 0;
  for (const auto& event : delta.events.settled) {
    due += delta.replicates || event.local;
    delta.reached += event.copies > 0;
    delta.reached_local += event.local && event.copies > 0;
    copies += event.copies;
    if (event.room == 0) ++delta.unidentified;
  }
  (delta.replicates ? delta.commands : delta.accepted) = due;
  if (delta.copies == 0) delta.copies = copies;
}

void read_sockets(const Members& from, ShardDelta& delta) {
  const auto opened = from.count("opened");
  delta.sockets_opened = opened.value_or(0);
  delta.delivery.ended = from.count("closed").value_or(0);
  delta.delivery.stuck = from.count("stuck").value_or(0);
  delta.delivery.silent = ages(from, "silent");
  delta.delivery.judged = ages(from, "judged");
}

}  // namespace

class LineReader {
 public:
  LineReader(const Members& line, CountsReader& reader, ShardDelta& delta)
      : line_(line), known_(reader.shards_[delta.shard]), delta_(delta) {}

  void read() {
    read_shape();
    read_counts();
    read_events(line_, delta_);
    known_.has_rooms = known_.has_rooms || has_room();
    delta_.has_rooms = known_.has_rooms;
    if (line_.array("events")) count_events(delta_);
    read_peers();
  }

 private:
  bool has_room() const {
    for (const auto& event : delta_.events.settled)
      if (event.room != 0) return true;
    return false;
  }

  // What the shard does, as it has last said or shown.
  void read_shape() {
    const bool events = line_.array("events") != nullptr;
    const auto due = line_.object("due");
    if (const auto said = line_.truth("replicates"))
      known_.replicates = *said;
    else if (due || events)
      known_.replicates = known_.replicates || (due && due->find("remote")) || events;
    if (const auto said = line_.truth("identifies"))
      known_.identifies = *said;
    else
      known_.identifies = known_.identifies || events || line_.find("reached");
    delta_.replicates = known_.replicates;
    delta_.identifies = known_.identifies;
    if (const auto sockets = line_.object("sockets")) {
      known_.synced = sockets->count("synced").value_or(known_.synced);
      known_.unsynced = sockets->count("unsynced").value_or(known_.unsynced);
      known_.dark = sockets->count("dark").value_or(known_.dark);
      read_sockets(*sockets, delta_);
    } else if (known_.synced == 0) {
      known_.synced = sockets_unknown;
    }
    delta_.sockets_synced = known_.synced;
    delta_.sockets_unsynced = known_.unsynced;
    delta_.sockets_dark = known_.dark;
    delta_.delivery.edge = known_.synced;
  }

  void read_counts() {
    const auto accepted = line_.count("accepted");
    delta_.accepted = delta_.published = accepted.value_or(0);
    if (const auto due = line_.object("due")) {
      const auto local = due->count("local").value_or(0);
      const auto all = local + due->count("remote").value_or(0);
      if (delta_.replicates)
        delta_.commands = all;
      else
        delta_.accepted = local;
    }
    if (const auto reached = line_.object("reached")) {
      delta_.reached_local = reached->count("local").value_or(0);
      delta_.reached = delta_.reached_local + reached->count("remote").value_or(0);
    }
    delta_.copies = line_.count("copies").value_or(0);
    delta_.own_copies = line_.count("own_copies").value_or(0);
    delta_.unidentified = line_.count("unidentified").value_or(0);
    delta_.events_out = delta_.copies + delta_.own_copies;
    auto& events = delta_.delivery.fates[FANFARE_FATE_EVENT];
    events.acked = line_.count("acked").value_or(0);
    events.lost[static_cast<std::size_t>(EndReason::close)] = line_.count("lost").value_or(0);
    if (const auto losses = line_.object("losses")) {
      delta_.losses.out = losses->count("out").value_or(0);
      delta_.losses.in = losses->count("in").value_or(0);
    }
    if (const auto lag = line_.object("lag")) delta_.lag_median_seconds = lag->number("p50");
  }

  void read_peers() {
    const auto* peers = line_.array("peers");
    if (!peers) return;
    for (std::size_t i = 0; i < peers->size(); ++i) {
      const auto peer = line_.entry((*peers)[i], "peers", i);
      const auto name = peer.text("name");
      if (!name) peer.fail("name", "the peer's name");
      auto& log = known_.logs[std::string(*name)];
      const auto sent = peer.count("sent").value_or(0);
      log.sent += sent;
      log.confirmed += peer.count("confirmed").value_or(0);
      delta_.peers.push_back({.name = std::string(*name),
                              .entries_out = sent,
                              .rpcs_out = sent,
                              .answers_in = peer.count("answers").value_or(0),
                              .sent_index = log.sent,
                              .confirmed_index = log.confirmed,
                              .sockets = 1});
    }
  }

  const Members& line_;
  CountsReader::Known& known_;
  ShardDelta& delta_;
};

CountsLine CountsReader::read(std::string_view text, const std::string& where) {
  std::array<unsigned char, 65536> first;  // NOLINT: filled by the parser
  json::monotonic_resource memory(first.data(), first.size());
  boost::system::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error, &memory);
  if (error) throw BadFile(fmt::format("{}: no JSON object: {}", where, error.message()));
  const Members line(value, where, "");
  CountsLine read;
  const auto t = line.number("t", 0, greatest_time);
  if (!t) line.fail("t", "the time in seconds");
  read.t = *t;
  if (const auto restart = line.text("restart")) {
    if (*restart != "state kept" && *restart != "state lost")
      line.fail("restart", "\"state kept\" or \"state lost\"");
    read.kind =
        *restart == "state kept" ? CountsLine::Kind::state_kept : CountsLine::Kind::state_lost;
    return read;
  }
  const auto shard = line.text("shard");
  if (!shard) line.fail("shard", "the shard's name");
  const double span = line.number("span", 1e-3, 86400).value_or(1);
  read.delta.shard = std::string(*shard);
  read.delta.span = std::chrono::nanoseconds(static_cast<std::int64_t>(span * 1e9));
  const auto limit = lag_limits_.find(read.delta.shard);
  if (limit != lag_limits_.end()) read.delta.late_seconds = limit->second;
  LineReader(line, *this, read.delta).read();
  return read;
}

}  // namespace fanfare
