// SPDX-License-Identifier: Apache-2.0
// A small view with round figures, shared by the tests of the exports. Its one client has an
// address that stands nowhere else, so that a leak of it can be searched for.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/exports/view.h"
#include "agent/kernel/loss_text.h"

namespace fanfare::sample {

inline constexpr Monotonic taken = std::chrono::seconds(1000);
inline constexpr Monotonic now = taken + std::chrono::milliseconds(1500);
inline constexpr const char* client_address = "203.0.113.77";

struct Ipv4 {
  std::uint8_t a, b, c, d;
};

inline void set_address(__u8 (&field)[16], Ipv4 at) {
  const std::array<std::uint8_t, 16> bytes{0, 0, 0,    0,    0,    0,    0,    0,
                                           0, 0, 0xFF, 0xFF, at.a, at.b, at.c, at.d};
  std::copy(bytes.begin(), bytes.end(), std::begin(field));
}

// A synced client, 60 s old, to which 7 events went; the last payload left 2 s before `taken`.
inline fanfare_flow flow() {
  fanfare_flow flow{};
  flow.out.stage = FANFARE_STAGE_FRAMES;
  flow.out.flags = FANFARE_UPGRADED;
  flow.out.tally.frames = 7;
  flow.out.tally.by_class[FANFARE_EVENT].messages = 7;
  flow.out.next_seq = 1414;
  flow.out.last_event_ns = (taken - std::chrono::seconds(2)).count();
  flow.in.stage = FANFARE_STAGE_FRAMES;
  flow.in.tally.frames = 3;
  flow.in.tally.by_class[FANFARE_EVENT].messages = 2;
  flow.in.tally.by_class[FANFARE_CONTROL].messages = 1;
  flow.in.next_seq = 99;
  flow.acks.acked_seq = 1010;
  flow.acks.count = 1;
  flow.acks.written[FANFARE_FATE_EVENT] = 7;
  flow.acks.acked[FANFARE_FATE_EVENT] = 5;
  flow.acks.marks[0] = {.end_seq = 1414, .sent = 0, .messages = {2, 0}};
  flow.opened_ns = (taken - std::chrono::seconds(60)).count();
  flow.cgroup_id = 42;
  set_address(flow.local, {192, 0, 2, 1});
  set_address(flow.remote, {203, 0, 113, 77});
  flow.netns = 4026531840;
  flow.local_port = 8080;
  flow.remote_port = 50001;
  flow.life = FANFARE_LIVE;
  return flow;
}

inline std::shared_ptr<Snapshot> snapshot() {
  auto owners = std::make_shared<Owners>();
  Owner owner;
  owner.pid = 321;
  owner.comm = "chatd";
  owner.srtt_us = 250;
  owner.unsent_bytes = 16;
  owners->by_cookie[1001] = owner;
  owners->cgroup_paths[42] = "/chat";
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->taken = taken;
  snapshot->cookies = {1001};
  snapshot->flows = {flow()};
  snapshot->owners = owners;
  return snapshot;
}

inline ShardView shard(const std::string& name) {
  ShardView view;
  view.shard.name = name;
  view.shard.out.frames = 12;
  view.shard.out.messages = {7, 0, 2, 1};
  view.shard.out.bytes = {1400, 0, 8, 50};
  view.shard.in.frames = 3;
  view.shard.in.messages = {2, 0, 1, 0};
  view.shard.in.bytes = {80, 0, 4, 0};
  view.shard.sockets_opened = 5;
  view.shard.closed_by_peer = 2;
  view.shard.closed_by_local = 1;
  view.shard.closed_by_timeout = 1;
  view.shard.sockets_synced = 1;
  Delivery& delivery = view.shard.delivery;
  delivery.fates[FANFARE_FATE_EVENT] = {
      .written = 7, .acked = 5, .lost = {0, 1, 0}, .unknown = 0, .in_flight = 1};
  delivery.fates[FANFARE_FATE_OTHER] = {.written = 3, .acked = 3};
  delivery.ack_times = {0, 0, 3, 2};
  delivery.ack_seconds = 0.0005;
  delivery.unsent_bytes = 16;
  delivery.oldest_unacked_seconds = 1.5;
  delivery.slow = delivery.edge = 1;
  delivery.silent = delivery.judged = {0, 1, 0, 0};
  view.coverage = 1.0;
  view.events_out_per_second = 0.7;
  view.events_in_per_second = 0.2;
  return view;
}

// A healthy agent: ready, and without findings.
inline View view() {
  View view;
  view.node = "host-a";
  view.cluster = "test";
  view.version = "0.1.0";
  view.started = Wall(std::chrono::seconds(1700000000));
  view.taken = view.started + std::chrono::seconds(90);
  view.tick_seconds = 0.0042;
  view.last_scrape_seconds = 3;
  view.health.attached = true;
  view.health.cgroup = "/sys/fs/cgroup";
  view.health.scope = Scope::proven;
  view.health.scope_text = "A socket in a foreign network namespace was counted.";
  view.shards = {shard("chat")};
  for (const LossText& text : loss_texts()) {
    if (text.loss != FANFARE_LOSS_NONE) {
      view.losses.push_back({std::string(text.name), 0, 0});
    }
  }
  view.maps = {{"flows", 1, 131072}};
  view.programs = {{"on_egress", 20, std::chrono::microseconds(3)}};
  view.snapshot = snapshot();
  view.shard_of = {0};
  view.states = {{.unacked_seconds = 1.5F, .pace = Pace::slow}};
  return view;
}

}  // namespace fanfare::sample
