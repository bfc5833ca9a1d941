// SPDX-License-Identifier: Apache-2.0
// A small answer with round figures, shared by the tests of `fanfare top`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/cli/top_layout.h"
#include "agent/cli/top_state.h"

namespace fanfare::top::sample {

inline Shard shard(const std::string& name, double out_per_second) {
  Shard shard;
  shard.name = name;
  shard.synced = 10;
  shard.coverage = 1;
  shard.events_out = 1000;
  shard.out_per_second = out_per_second;
  return shard;
}

inline Alert alert(const std::string& name, const std::string& severity, const std::string& shard) {
  Alert alert;
  alert.name = name;
  alert.severity = severity;
  alert.state = "firing";
  alert.shard = shard;
  alert.step = "broadcast";
  alert.summary = "Clients miss messages.";
  alert.why = "0.31 of the due events reached a client.";
  alert.next = "Roll back.";
  alert.since_seconds = 42;
  return alert;
}

inline Socket socket(std::uint64_t cookie, const std::string& remote, std::uint64_t out) {
  Socket socket;
  socket.cookie = cookie;
  socket.role = "client";
  socket.state = "synced";
  socket.remote = remote;
  socket.local = "10.0.0.1:8080";
  socket.comm = "chatd";
  socket.pid = 321;
  socket.out = out;
  return socket;
}

// Three shards; the reach of "eu" is a third of its normal and two alerts fire for it.
inline Answer answer() {
  Answer answer;
  answer.asked = 100;
  answer.node = "host-a";
  answer.version = "0.1.0";
  answer.ready = true;
  answer.snapshot_age_seconds = 0.0;
  answer.last_scrape_seconds = 4;
  answer.shards = {shard("asia", 30), shard("eu", 10), shard("us", 20)};
  answer.shards[0].worst = {"reach", "", 0.98, 0.99, 0.99};
  answer.shards[1].worst = {"reach", "", 0.31, 0.99, 0.313};
  answer.shards[1].evidence = {35.25, 20.2};
  answer.shards[1].firing = 2;
  answer.shards[1].critical = true;
  answer.alerts = {alert("FanfareReachLoss", "critical", "eu"),
                   alert("FanfareCopiesLoss", "warning", "eu")};
  return answer;
}

inline Answer with_sockets(const std::string& shard, std::vector<Socket> sockets) {
  Answer made = answer();
  made.opened = shard;
  made.sockets = std::move(sockets);
  return made;
}

inline State state(Answer given = answer()) { return answered(new_state(), std::move(given)); }

inline State press(State state, const std::string& characters) {
  for (const char c : characters)
    state = pressed(std::move(state), {Key::character, std::string(1, c)});
  return state;
}
inline State press(State state, Key key) { return pressed(std::move(state), {key, {}}); }

// Name of the row at each place of the list.
inline std::vector<std::string> shards(const State& state) {
  std::vector<std::string> names;
  for (const std::size_t row : state.rows) names.push_back(state.answer.shards.at(row).name);
  return names;
}

inline std::vector<std::string> lines(const State& state, const Looks& looks = {.now = 100}) {
  std::vector<std::string> texts;
  for (const Line& line : layout(state, looks)) texts.push_back(text_of(line));
  return texts;
}

inline std::string screen(const State& state, const Looks& looks = {.now = 100}) {
  std::string text;
  for (const std::string& line : lines(state, looks)) text += line + "\n";
  return text;
}

}  // namespace fanfare::top::sample
