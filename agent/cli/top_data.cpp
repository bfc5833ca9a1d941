// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_data.h"

#include <algorithm>
#include <cmath>

#include "agent/cli/answer.h"

namespace fanfare::top {
namespace {

namespace json = boost::json;

std::optional<std::uint64_t> maybe_count_at(const json::object& object, std::string_view path) {
  if (at_path(object, path).is_null()) return std::nullopt;
  return count_at(object, path);
}

std::string text_or_empty(const json::object& object, std::string_view path) {
  return maybe_text_at(object, path).value_or("");
}

void read_signals(Shard& shard, const json::array& signals) {
  for (const json::value& value : signals) {
    const json::object& signal = as_object(value, "a signal");
    const Evidence evidence{number_at(signal, "evidence"), number_at(signal, "threshold")};
    if (evidence.nats >= shard.evidence.nats) shard.evidence = evidence;
    const auto peer = maybe_text_at(signal, "peer");
    if (!peer) continue;
    shard.peers.push_back(
        {*peer, maybe_number_at(signal, "ratio"), maybe_number_at(signal, "normal"), evidence});
  }
}

Shard read_shard(const json::object& object) {
  Shard shard;
  shard.name = text_at(object, "shard");
  shard.synced = count_at(object, "sockets.synced");
  shard.unsynced = count_at(object, "sockets.unsynced");
  shard.dark = count_at(object, "sockets.dark");
  shard.coverage = maybe_number_at(object, "coverage");
  shard.events_out = count_at(object, "events_out");
  shard.events_in = count_at(object, "events_in");
  shard.out_per_second = number_at(object, "events_out_per_second");
  shard.in_per_second = number_at(object, "events_in_per_second");
  if (!at_path(object, "worst").is_null()) {
    const json::object& worst = object_at(object, "worst");
    shard.worst = {text_at(worst, "signal"), text_or_empty(worst, "peer"),
                   number_at(worst, "ratio"), maybe_number_at(worst, "normal"),
                   number_at(worst, "relative")};
  }
  read_signals(shard, array_at(object, "signals"));
  return shard;
}

Alert read_alert(const json::object& object) {
  return {.name = text_at(object, "alertname"),
          .severity = text_at(object, "severity"),
          .state = text_at(object, "state"),
          .shard = text_or_empty(object, "shard"),
          .peer = text_or_empty(object, "peer"),
          .step = text_or_empty(object, "step"),
          .summary = text_at(object, "summary"),
          .why = text_at(object, "why"),
          .next = text_at(object, "next"),
          .since_seconds = number_at(object, "since_seconds")};
}

Alert read_finding(const json::object& object) {
  Alert finding;
  finding.name = text_at(object, "code");
  finding.severity = "finding";
  finding.summary = text_at(object, "text");
  finding.next = text_at(object, "remedy");
  return finding;
}

std::string place_of(const json::object& socket) {
  const auto pod = text_or_empty(socket, "pod");
  if (!pod.empty()) return text_or_empty(socket, "namespace") + "/" + pod;
  const auto container = text_or_empty(socket, "container");
  return container.empty() ? text_or_empty(socket, "unit") : container;
}

Socket read_socket(const json::object& object) {
  Socket socket;
  socket.cookie = count_at(object, "cookie");
  socket.role = text_at(object, "role");
  socket.state = text_at(object, "state");
  socket.local = text_at(object, "local");
  socket.remote = text_at(object, "remote");
  socket.comm = text_or_empty(object, "comm");
  socket.reason = text_or_empty(object, "reason");
  socket.place = place_of(object);
  socket.pace = text_or_empty(object, "pace");
  socket.pid = maybe_count_at(object, "pid");
  socket.unsent_bytes = maybe_count_at(object, "unsent_bytes");
  socket.srtt_us = maybe_count_at(object, "srtt_us");
  const bool client = socket.role == "client";
  socket.out = maybe_count_at(object, client ? "events_out" : "entries_out").value_or(0);
  socket.in = maybe_count_at(object, client ? "events_in" : "entries_in").value_or(0);
  socket.last_event_seconds = maybe_number_at(object, "last_event_seconds");
  return socket;
}

Peer read_peer(const json::object& object) {
  Peer peer;
  peer.name = text_at(object, "peer");
  peer.address = text_at(object, "address");
  peer.synced = count_at(object, "sockets.synced");
  peer.unsynced = count_at(object, "sockets.unsynced");
  peer.entries_out = count_at(object, "entries_out");
  peer.entries_in = count_at(object, "entries_in");
  peer.behind = maybe_count_at(object, "behind");
  peer.stalled_seconds = maybe_number_at(object, "stalled_seconds");
  return peer;
}

Past read_past(const json::object& object) {
  Past past;
  past.now = static_cast<std::int64_t>(number_at(object, "now_seconds"));
  past.step_seconds = static_cast<std::int64_t>(number_at(object, "step_seconds"));
  for (const json::value& value : array_at(object, "shards")) {
    const json::object& shard = as_object(value, "a shard's past");
    auto& bars = past.shards[text_at(shard, "shard")];
    for (const json::value& point_value : array_at(shard, "points")) {
      const json::object& point = as_object(point_value, "a point");
      bars.push_back({static_cast<std::int64_t>(number_at(point, "at")),
                      maybe_number_at(point, "events_out"),
                      static_cast<std::uint32_t>(count_at(point, "firing"))});
    }
  }
  return past;
}

void read_status(Answer& answer, const json::object& status) {
  answer.node = text_at(status, "node");
  answer.version = text_at(status, "version");
  answer.ready = flag_at(status, "ready");
  answer.snapshot_age_seconds = maybe_number_at(status, "snapshot_age_seconds");
  answer.last_scrape_seconds = maybe_number_at(status, "last_scrape_seconds");
  for (const json::value& value : array_at(status, "shards"))
    answer.shards.push_back(read_shard(as_object(value, "a shard")));
  for (const json::value& value : array_at(status, "alerts"))
    answer.alerts.push_back(read_alert(as_object(value, "an alert")));
  for (const Alert& alert : answer.alerts) {
    const auto shard = std::ranges::find(answer.shards, alert.shard, &Shard::name);
    if (!alert.fires() || shard == answer.shards.end()) continue;
    ++shard->firing;
    shard->critical = shard->critical || alert.severity == "critical";
  }
  for (const json::value& value : array_at(status, "findings"))
    answer.alerts.push_back(read_finding(as_object(value, "a finding")));
}

}  // namespace

Answer read_answer(const Bodies& bodies, const std::string& opened) {
  Answer answer;
  const json::value status = parse_answer(bodies.status);
  read_status(answer, as_object(status, "the status"));
  answer.opened = opened;
  if (!bodies.sockets.empty()) {
    const json::value sockets = parse_answer(bodies.sockets);
    for (const json::value& value : as_array(sockets, "the sockets"))
      answer.sockets.push_back(read_socket(as_object(value, "a socket")));
  }
  if (!bodies.peers.empty()) {
    const json::value peers = parse_answer(bodies.peers);
    for (const json::value& value : as_array(peers, "the peers")) {
      const json::object& peer = as_object(value, "a peer");
      if (text_at(peer, "shard") == opened) answer.peers.push_back(read_peer(peer));
    }
  }
  if (!bodies.past.empty()) {
    const json::value past = parse_answer(bodies.past);
    answer.past = read_past(as_object(past, "the history"));
  }
  return answer;
}

std::int64_t newest(const Past& past) {
  std::int64_t at = 0;
  for (const auto& [shard, bars] : past.shards)
    if (!bars.empty()) at = std::max(at, bars.back().at);
  return at;
}

std::uint32_t firing(const Answer& answer) {
  return static_cast<std::uint32_t>(std::ranges::count_if(answer.alerts, &Alert::fires));
}

}  // namespace fanfare::top
