// SPDX-License-Identifier: Apache-2.0
// Builds the JSON of status and shards.
#include "agent/exports/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <numeric>
#include <utility>

#include "agent/exports/findings.h"
#include "agent/exports/json_figures.h"
#include "agent/exports/json_text.h"
#include "agent/exports/judgement_json.h"
#include "agent/exports/label_text.h"
#include "agent/exports/names.h"
#include "agent/exports/propagation.h"

namespace fanfare {
namespace {

namespace json = boost::json;

std::uint64_t all_bytes(const DirectionTotals& totals) {
  return std::accumulate(totals.bytes.begin(), totals.bytes.end(), std::uint64_t{0});
}

// Of events but for the sockets; counters since the agent's start.
json::object delivery_object(const Delivery& delivery) {
  const Fate& events = delivery.fates[FANFARE_FATE_EVENT];
  const auto total = [](const auto& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  };
  json::object lost;
  for (std::size_t i = 0; i < end_reasons; ++i) lost[end_reason_names[i]] = events.lost[i];
  return {{"acked", events.acked},
          {"in_flight", events.in_flight},
          {"lost", total(events.lost)},
          {"lost_by", std::move(lost)},
          {"unknown", events.unknown},
          {"unsent_bytes", delivery.unsent_bytes},
          {"oldest_unsent_seconds", thousandths(delivery.oldest_unsent_seconds)},
          {"oldest_unacked_seconds", thousandths(delivery.oldest_unacked_seconds)},
          {"slow", delivery.slow},
          {"stuck", delivery.stuck},
          {"silent", total(delivery.silent)},
          {"judged", total(delivery.judged)},
          {"edge", delivery.edge},
          {"inner", delivery.inner},
          {"bookkeeping_error", delivery.bookkeeping_error}};
}

json::object shard_object(const ShardView& view) {
  const Shard& shard = view.shard;
  return {
      {"shard", label_text(shard.name)},
      {"sockets",
       {{"synced", shard.sockets_synced},
        {"unsynced", shard.sockets_unsynced},
        {"dark", sockets_dark(shard)}}},
      {"coverage", number_or_null(view.coverage)},
      {"events_out", shard.out.messages[FANFARE_EVENT]},
      {"heartbeats_out", shard.out.messages[FANFARE_HEARTBEAT]},
      {"control_out", shard.out.messages[FANFARE_CONTROL]},
      {"other_out", shard.out.messages[FANFARE_OTHER]},
      {"frames_out", shard.out.frames},
      {"message_bytes_out", all_bytes(shard.out)},
      {"events_in", shard.in.messages[FANFARE_EVENT]},
      {"heartbeats_in", shard.in.messages[FANFARE_HEARTBEAT]},
      {"control_in", shard.in.messages[FANFARE_CONTROL]},
      {"other_in", shard.in.messages[FANFARE_OTHER]},
      {"frames_in", shard.in.frames},
      {"message_bytes_in", all_bytes(shard.in)},
      {"events_out_per_second", thousandths(view.events_out_per_second)},
      {"events_in_per_second", thousandths(view.events_in_per_second)},
      {"opened", shard.sockets_opened},
      {"closed",
       {{"peer", shard.closed_by_peer},
        {"local", shard.closed_by_local},
        {"timeout", shard.closed_by_timeout}}},
      {"accepted", events_accepted(shard)},
      {"due", events_due(shard)},
      {"reached", shard.identifies ? json::value(events_reached(shard)) : json::value(nullptr)},
      {"copies", event_copies(shard)},
      {"losses",
       {{"out", shard.losses.out},
        {"in", shard.losses.in},
        {"replication", shard.replication_losses.out + shard.replication_losses.in},
        {"strangers", shard.strangers}}},
      {"delivery", delivery_object(shard.delivery)},
      {"worst", worst_value(view)},
      {"signals", signal_array(view)},
  };
}

json::array shard_array(const View& view) {
  json::array shards;
  for (const ShardView& shard : view.shards) {
    shards.push_back(shard_object(shard));
  }
  return shards;
}

json::array finding_array(const View& view, Monotonic now) {
  json::array array;
  for (const Finding& finding : findings(view, now)) {
    array.push_back({{"code", finding.code}, {"text", finding.text}, {"remedy", finding.remedy}});
  }
  return array;
}

json::object loss_object(const View& view) {
  json::object losses;
  for (const LossView& loss : view.losses) {
    losses[loss.reason] = {{"count", loss.count}, {"recent", loss.recent}};
  }
  return losses;
}

json::array map_array(const View& view) {
  json::array maps;
  for (const MapFill& map : view.maps) {
    maps.push_back({{"map", map.map}, {"entries", map.entries}, {"capacity", map.capacity}});
  }
  return maps;
}

json::array program_array(const View& view) {
  json::array programs;
  for (const ProgramRuns& program : view.programs) {
    const std::chrono::duration<double> run_seconds = program.run_time;  // not rounded: runs are ns
    programs.push_back({{"program", program.program},
                        {"runs", program.runs},
                        {"run_seconds", run_seconds.count()}});
  }
  return programs;
}

const char* scope_name(Scope scope) {
  switch (scope) {
    case Scope::proven:
      return "proven";
    case Scope::netns_only:
      return "netns_only";
    case Scope::refuted:
      return "refuted";
    case Scope::unproven:
      break;
  }
  return "unproven";
}

// null where there is nothing to measure, as in a replay.
json::value self_check_name(const Health& health) {
  if (!health.measured) return nullptr;
  if (health.self_check == SelfCheckResult::not_made) return "not_made";
  return health.self_check == SelfCheckResult::counted ? "counted" : "missed";
}

// No finding: a host without a chat server is a healthy host.
json::value note(const View& view) {
  if (!view.shards.empty()) {
    return nullptr;
  }
  return "No shard yet: no WebSocket server has answered an upgrade since the agent started, and "
         "no older socket looked like WebSocket. MQTT is counted on the ports of shards with "
         "clients.protocol: mqtt.";
}

void add_health(json::object& status, const Health& health) {
  status["attached"] = health.attached;
  status["attached_text"] = text_or_null(health.attached_text);
  status["self_check"] = self_check_name(health);
  status["self_check_text"] = text_or_null(health.self_check_text);
  status["cgroup"] = text_or_null(health.cgroup);
  status["subtree"] = health.subtree;
  status["scope"] = scope_name(health.scope);
  status["scope_text"] = label_text(health.scope_text);
  status["config_file"] = text_or_null(health.config_file);
  status["config_reload_ok"] = health.config_reload_ok;
}

// null where nobody is asked, and nobody is missed.
json::value kubernetes_value(const View& view) {
  const PodWatchView& pods = view.pod_names;
  if (!pods.on) return nullptr;
  return {{"server", label_text(pods.server)},
          {"reachable", pods.reachable},
          {"listed", pods.listed},
          {"pods", pods.pods},
          {"error", text_or_null(pods.error)},
          {"away_seconds", thousandths(pods.away_seconds)}};
}

// Ages go on growing when the agent no longer ticks.
void add_times(json::object& status, const View& view, Monotonic now) {
  const auto age = snapshot_age(view, now);
  const auto since = age.value_or(std::chrono::nanoseconds{0});
  const auto unix =
      std::chrono::duration_cast<std::chrono::seconds>(view.started.time_since_epoch());
  status["started_seconds"] = unix.count();
  status["uptime_seconds"] = seconds(view.taken - view.started + since);
  status["tick_seconds"] = view.tick_seconds;
  status["snapshot_age_seconds"] = age ? json::value(seconds(*age)) : json::value(nullptr);
  status["last_scrape_seconds"] =
      view.last_scrape_seconds < 0
          ? json::value(nullptr)
          : json::value(thousandths(view.last_scrape_seconds + seconds(since)));
}

}  // namespace

std::string status_json(const View& view, Monotonic now) {
  json::object status;
  status["version"] = view.version;
  status["node"] = label_text(view.node);
  status["cluster"] = label_text(view.cluster);
  status["ready"] = unready(view, now).empty();
  status["findings"] = finding_array(view, now);
  status["note"] = note(view);
  add_times(status, view, now);
  add_health(status, view.health);
  status["kubernetes"] = kubernetes_value(view);
  status["alerts"] = alert_array(view, now);
  status["alertmanagers"] = alertmanager_array(view, now);
  status["worst"] = worst_value(view);
  status["shards"] = shard_array(view);
  status["losses"] = loss_object(view);
  status["maps"] = map_array(view);
  status["programs"] = program_array(view);
  return json_text(status) + "\n";
}

std::string shards_json(const View& view) { return json_text(shard_array(view)) + "\n"; }

}  // namespace fanfare
