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

constexpr std::array<Fields<AcceptedSignal::State>, 6> accepted_fields{{
    {"events", &AcceptedSignal::State::events},
    {"seconds", &AcceptedSignal::State::seconds},
    {"age_seconds", &AcceptedSignal::State::age},
    {"longest", &AcceptedSignal::State::longest},
    {"gap", &AcceptedSignal::State::gap},
    {"gap_seconds", &AcceptedSignal::State::gap_seconds},
}};
constexpr std::array<Fields<FadingMean::State>, 3> mean_fields{{
    {"sum", &FadingMean::State::sum},
    {"seconds", &FadingMean::State::seconds},
    {"age_seconds", &FadingMean::State::age},
}};

constexpr std::array<Fields<RoomRun::State>, 3> room_fields{{
    {"expected", &RoomRun::State::lost_expected},
    {"seen", &RoomRun::State::lost_seen},
    {"worst", &RoomRun::State::worst},
}};
constexpr std::array<Fields<RoomNulls::Cell>, 2> cell_fields{{
    {"trials", &RoomNulls::Cell::trials},
    {"misses", &RoomNulls::Cell::misses},
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

// Of EventSignal and BlockSignal.
json::object write_learned(const Learner& learner, const LossWatch& watch) {
  json::array scales;
  for (const auto& scale : learner.dispersion().scales())
    scales.push_back(write(scale, scale_fields));
  return {{"levels", write_levels(learner.baseline())},
          {"dispersion", std::move(scales)},
          {"loss", write_watch(watch)}};
}

void read_learned(const json::value& value, Learner& learner, LossWatch& watch) {
  const auto& object = value.as_object();
  read_levels(object.at("levels"), learner.baseline());
  auto& scales = learner.dispersion().scales();
  const auto& entries = object.at("dispersion").as_array();
  if (entries.size() != scales.size()) throw std::invalid_argument("other scales");
  for (std::size_t i = 0; i < scales.size(); ++i) read(entries[i], scales[i], scale_fields);
  read_watch(object.at("loss"), watch);
}

json::object write_accepted(const AcceptedSignal& signal) {
  auto object = write(signal.state(), accepted_fields);
  object["lost"] = signal.state().lost;
  return object;
}

void read_accepted(const json::value& value, AcceptedSignal& signal) {
  read(value, signal.state(), accepted_fields);
  signal.state().lost = value.as_object().at("lost").as_bool();
}

json::object write_run(const RoomRun& run) {
  auto object = write(run.state(), room_fields);
  object["lost"] = run.lost();
  json::array cells;
  for (const auto& gaps : run.nulls().cells())
    for (const auto& cell : gaps) cells.push_back(write(cell, cell_fields));
  object["cells"] = std::move(cells);
  return object;
}

void read_run(const json::value& value, RoomRun& run) {
  RoomRun::State state;
  read(value, state, room_fields);
  state.lost = value.as_object().at("lost").as_bool();
  const auto& cells = value.as_object().at("cells").as_array();
  if (cells.size() != room_readers_kinds * room_gaps) throw std::invalid_argument("other cells");
  std::size_t i = 0;
  for (auto& gaps : run.nulls().cells())
    for (auto& cell : gaps) read(cells[i++], cell, cell_fields);
  run.restore(state);
}

}  // namespace

json::object to_json(const EventSignal& signal) {
  return write_learned(signal.learner(), signal.watch());
}

json::object to_json(const PeerSignal& signal) { return {{"loss", write_watch(signal.watch())}}; }

json::object to_json(const DeliveryJudge& delivery) {
  json::object object;
  for (const auto& [name, signal] : delivery.blocks())
    object[name] = write_learned(signal->learner(), signal->watch());
  object[signal_accepted] = write_accepted(delivery.accepted);
  object["sockets_usual"] = write(delivery.sockets_usual.state(), mean_fields);
  return object;
}

json::object to_json(const RoomJudge& rooms) {
  json::array runs;
  for (std::size_t i = 0; i < room_runs; ++i)
    runs.push_back(write_run(rooms.run(static_cast<RunOf>(i))));
  return {{"runs", std::move(runs)}, {"dark_base", rooms.dark_base()}};
}

void from_json(const json::value& value, RoomJudge& rooms) {
  const auto& runs = value.as_object().at("runs").as_array();
  if (runs.size() != room_runs) throw std::invalid_argument("other runs");
  for (std::size_t i = 0; i < room_runs; ++i) read_run(runs[i], rooms.run(static_cast<RunOf>(i)));
  rooms.set_dark_base(number(value.as_object().at("dark_base")));
}

void from_json(const json::value& value, EventSignal& signal) {
  read_learned(value, signal.learner(), signal.watch());
}

void from_json(const json::value& value, PeerSignal& signal) {
  read_watch(value.as_object().at("loss"), signal.watch());
}

void from_json(const json::value& value, DeliveryJudge& delivery) {
  const auto& object = value.as_object();
  // A signal that the state's agent did not have begins anew.
  for (const auto& [name, signal] : delivery.blocks())
    if (const auto* entry = object.if_contains(name))
      read_learned(*entry, signal->learner(), signal->watch());
  read_accepted(object.at(signal_accepted), delivery.accepted);
  read(object.at("sockets_usual"), delivery.sockets_usual.state(), mean_fields);
}

}  // namespace fanfare
