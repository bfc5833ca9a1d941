// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/state_json.h"

#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace fanfare {
namespace {

namespace json = boost::json;

template <typename Struct>
using Fields = std::pair<const char*, double Struct::*>;

constexpr std::array<Fields<Baseline::Level>, 11> level_fields{{
    {"events", &Baseline::Level::events},
    {"seen", &Baseline::Level::seen},
    {"sockets", &Baseline::Level::sockets},
    {"cohorts", &Baseline::Level::cohorts},
    {"value", &Baseline::Level::value},
    {"lowest", &Baseline::Level::lowest},
    {"highest", &Baseline::Level::highest},
    {"age_seconds", &Baseline::Level::age},
    {"block_events", &Baseline::Level::block_events},
    {"block_seen", &Baseline::Level::block_seen},
    {"block_seconds", &Baseline::Level::block_seconds},
}};
constexpr std::array<Fields<Dispersion::Scale>, 3> scale_fields{{
    {"variance", &Dispersion::Scale::variance},
    {"recent", &Dispersion::Scale::recent},
    {"estimates", &Dispersion::Scale::estimates},
}};
constexpr std::array<Fields<LossWatch::State>, 3> loss_fields{{
    {"expected", &LossWatch::State::expected},
    {"seen", &LossWatch::State::seen},
    {"worst", &LossWatch::State::worst},
}};
constexpr std::array<Fields<Component>, 3> component_fields{{
    {"nats", &Component::nats},
    {"expected", &Component::expected},
    {"seen", &Component::seen},
}};

double number(const json::value& value) {
  const double number = value.to_number<double>();
  if (!std::isfinite(number) || number < 0 || number > 1e18)
    throw std::invalid_argument("a number out of its range");
  return number;
}

template <typename Struct, std::size_t N>
json::object write(const Struct& from, const std::array<Fields<Struct>, N>& fields) {
  json::object object;
  for (const auto& [name, member] : fields) object[name] = from.*member;
  return object;
}

template <typename Struct, std::size_t N>
void read(const json::value& from, Struct& to, const std::array<Fields<Struct>, N>& fields) {
  for (const auto& [name, member] : fields) to.*member = number(from.as_object().at(name));
}

json::object write_watch(const LossWatch& watch) {
  auto object = write(watch.state(), loss_fields);
  object["lost"] = watch.lost();
  json::array components;
  for (const auto& component : watch.mixture().components()) {
    components.push_back(write(component.nats > 0 ? component : Component{}, component_fields));
  }
  object["components"] = std::move(components);
  return object;
}

void read_watch(const json::value& value, LossWatch& watch) {
  const auto& object = value.as_object();
  read(value, watch.state(), loss_fields);
  watch.state().lost = object.at("lost").as_bool();
  watch.state().recovery = recovery_floor;
  const auto components = watch.mixture().components();
  const auto& entries = object.at("components").as_array();
  if (entries.size() != components.size()) throw std::invalid_argument("another grid");
  for (std::size_t k = 0; k < entries.size(); ++k) {
    read(entries[k], components[k], component_fields);
  }
}

json::array write_levels(const Baseline& baseline) {
  json::array levels;
  for (const auto& [key, level] : baseline.levels()) {
    auto entry = write(level, level_fields);
    entry["level"] = key;
    levels.push_back(std::move(entry));
  }
  return levels;
}

void read_levels(const json::value& value, Baseline& baseline) {
  for (const auto& entry : value.as_array()) {
    auto& level = baseline.levels()[static_cast<int>(entry.at("level").to_number<std::int64_t>())];
    read(entry, level, level_fields);
  }
}

}  // namespace

json::object to_json(const EventSignal& signal) {
  json::array scales;
  for (const auto& scale : signal.dispersion().scales())
    scales.push_back(write(scale, scale_fields));
  return {{"levels", write_levels(signal.baseline())},
          {"dispersion", std::move(scales)},
          {"loss", write_watch(signal.watch())}};
}

json::object to_json(const PeerSignal& signal) { return {{"loss", write_watch(signal.watch())}}; }

void from_json(const json::value& value, EventSignal& signal) {
  const auto& object = value.as_object();
  read_levels(object.at("levels"), signal.baseline());
  auto& scales = signal.dispersion().scales();
  const auto& entries = object.at("dispersion").as_array();
  if (entries.size() != scales.size()) throw std::invalid_argument("other scales");
  for (std::size_t i = 0; i < scales.size(); ++i) read(entries[i], scales[i], scale_fields);
  read_watch(object.at("loss"), signal.watch());
}

void from_json(const json::value& value, PeerSignal& signal) {
  read_watch(value.as_object().at("loss"), signal.watch());
}

}  // namespace fanfare
