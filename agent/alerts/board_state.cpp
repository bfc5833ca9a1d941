// SPDX-License-Identifier: Apache-2.0
// What fires, as JSON and back.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "agent/alerts/board.h"

namespace fanfare {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

constexpr int version = 1;

// Names are bytes that others chose, JSON is UTF-8: byte 0xNN is written as U+00NN.
std::string from_bytes(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) text += static_cast<char>(0xc0U | (byte >> 6U));
    text += static_cast<char>(byte >= 0x80 ? 0x80U | (byte & 0x3fU) : byte);
  }
  return text;
}

std::string to_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0xc0 && i + 1 < text.size())
      byte =
          static_cast<unsigned char>(byte << 6U) | (static_cast<unsigned char>(text[++i]) & 0x3fU);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

json::object to_json(const Alert& alert) {
  return {
      {"name", alert.name},
      {"shard", from_bytes(alert.shard)},
      {"peer", from_bytes(alert.peer)},
      {"severity", static_cast<int>(alert.severity)},
      {"started_ns",
       std::chrono::duration_cast<nanoseconds>(alert.started.time_since_epoch()).count()},
      {"step", alert.step},
      {"summary", alert.summary},
      {"why", alert.why},
      {"next", alert.next},
      {"value", alert.value},
  };
}

// Throws what Boost.JSON throws where a member is missing or of another kind.
Alert from_json(const json::object& object) {
  const auto text = [&](const char* key) {
    const json::string& value = object.at(key).as_string();
    return std::string(value.data(), value.size());
  };
  Alert alert{
      .name = text("name"), .shard = to_bytes(text("shard")), .peer = to_bytes(text("peer"))};
  const auto severity = object.at("severity").to_number<int>();
  if (severity < 0 || severity > static_cast<int>(Severity::info))
    throw std::out_of_range("severity");
  alert.severity = static_cast<Severity>(severity);
  alert.started = Wall(std::chrono::duration_cast<Wall::duration>(
      nanoseconds(object.at("started_ns").to_number<std::int64_t>())));
  alert.step = text("step");
  alert.summary = text("summary");
  alert.why = text("why");
  alert.next = text("next");
  alert.value = object.at("value").to_number<double>();
  return alert;
}

}  // namespace

std::string Board::save() const {
  json::array firing;
  for (const auto& [key, machine] : machines_) {
    const std::optional<Alert>& alert = machine.alert();
    if (alert && machine.is_firing()) firing.push_back(to_json(*alert));
  }
  return json::serialize(json::object{{"version", version}, {"firing", std::move(firing)}});
}

bool Board::restore(std::string_view text, Monotonic now, Wall wall) try {
  std::map<AlertKey, AlertMachine> machines;
  const json::value root = json::parse({text.data(), text.size()});
  if (root.at("version").to_number<int>() != version) return false;
  for (const json::value& each : root.at("firing").as_array()) {
    Alert alert = from_json(each.as_object());
    const std::optional<Patience> patience = patience_of(alert.name);
    if (!patience) continue;  // of another version; nothing would ever speak to it
    alert.started = std::min(alert.started, wall);
    const AlertKey key{alert.name, alert.shard, alert.peer};
    machines.emplace(key, AlertMachine::firing(*patience, std::move(alert), now));
  }
  machines_ = std::move(machines);
  return true;
} catch (const std::exception&) {
  return false;
}

}  // namespace fanfare
