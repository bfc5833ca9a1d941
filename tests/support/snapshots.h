// SPDX-License-Identifier: Apache-2.0
// Snapshots from literals: the words in which tests of the rooms right of the kernel are written.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/kernel/snapshot.h"

namespace fanfare::testing {

struct FlowSketch {
  std::uint64_t cookie = 1;
  std::uint16_t port = 8080;
  std::uint64_t events_out = 0;
  std::uint64_t events_in = 0;
  fanfare_stage stage = FANFARE_STAGE_FRAMES;
  std::uint8_t flags = FANFARE_UPGRADED;
  std::uint8_t probation = 0;
  fanfare_life life = FANFARE_LIVE;
  std::uint8_t close_state = 0;
  std::uint32_t sk_err = 0;
  std::uint32_t netns = 1;
  std::uint64_t cgroup_id = 1;
  fanfare_protocol protocol = FANFARE_WEBSOCKET;
};

inline fanfare_flow make_flow(const FlowSketch& sketch) {
  fanfare_flow flow{};
  flow.local_port = sketch.port;
  flow.netns = sketch.netns;
  flow.cgroup_id = sketch.cgroup_id;
  flow.protocol = sketch.protocol;
  flow.life = sketch.life;
  flow.close_state = sketch.close_state;
  flow.sk_err = sketch.sk_err;
  flow.out.stage = sketch.stage;
  flow.out.flags = sketch.flags;
  flow.out.probation = sketch.probation;
  flow.out.tally.by_class[FANFARE_EVENT].messages = sketch.events_out;
  flow.out.tally.frames = sketch.events_out;
  flow.in.tally.by_class[FANFARE_EVENT].messages = sketch.events_in;
  return flow;
}

// A replication socket: `requests` and `answers` go whichever way `dialled` says.
struct RaftSketch {
  std::uint64_t cookie = 100;
  bool dialled = true;
  std::array<std::uint8_t, 4> peer{10, 0, 0, 2};
  std::uint64_t first = 0;  // log indexes of the entries so far
  std::uint64_t last = 0;
  std::uint64_t entries = 0;  // 0: last - first + 1
  std::uint64_t no_commands = 0;
  std::uint64_t votes = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t answers = 0;
  std::uint64_t confirmed = 0;  // the log index in the answers
  fanfare_stage stage = FANFARE_STAGE_RPC;
  fanfare_life life = FANFARE_LIVE;
  std::uint16_t port = 7000;
  std::uint16_t other_port = 40000;
  std::uint64_t opened_ns = 1;
  std::uint64_t cgroup_id = 1;
};

inline fanfare_flow make_raft_flow(const RaftSketch& sketch) {
  fanfare_flow flow{};
  flow.protocol = FANFARE_HASHICORP_RAFT;
  flow.dialled = sketch.dialled;
  flow.local_port = sketch.dialled ? sketch.other_port : sketch.port;
  flow.remote_port = sketch.dialled ? sketch.port : sketch.other_port;
  flow.netns = 1;
  flow.cgroup_id = sketch.cgroup_id;
  flow.life = sketch.life;
  flow.opened_ns = sketch.opened_ns;
  flow.remote[10] = flow.remote[11] = 0xff;
  std::copy(sketch.peer.begin(), sketch.peer.end(), flow.remote + 12);
  flow.out.stage = flow.in.stage = sketch.stage;
  auto& requests = sketch.dialled ? flow.out : flow.in;
  auto& answers = sketch.dialled ? flow.in : flow.out;
  const std::uint64_t span = sketch.last > 0 ? sketch.last - sketch.first + 1 : 0;
  const std::uint64_t entries = sketch.entries > 0 ? sketch.entries : span;
  requests.tally.rpcs.append = entries > 0 ? 1 : 0;
  requests.tally.rpcs.entries = entries;
  requests.tally.rpcs.commands = entries - sketch.no_commands;
  requests.tally.rpcs.vote = sketch.votes;
  requests.tally.rpcs.heartbeat = sketch.heartbeats;
  requests.tally.frames = requests.tally.rpcs.append + sketch.votes + sketch.heartbeats;
  requests.rpc.first_index = sketch.first;
  requests.rpc.last_index = sketch.last;
  answers.flags = FANFARE_RESPONSES;
  answers.tally.frames = sketch.answers;
  answers.rpc.last_index = sketch.confirmed;
  return flow;
}

inline const std::string pod_uid = "0f7ac8b1-5d4e-4c3b-9a21-6f0e8d7c5b4a";

inline std::string pod_cgroup(const std::string& uid = pod_uid) {
  return "/kubepods/burstable/pod" + uid + "/" + std::string(64, 'a');
}

class SnapshotBuilder {
 public:
  SnapshotBuilder() { owners_.cgroup_paths[1] = "/"; }

  SnapshotBuilder& at(std::chrono::nanoseconds when) {
    snapshot_.taken = when;
    return *this;
  }
  SnapshotBuilder& flow(const FlowSketch& sketch) {
    snapshot_.cookies.push_back(sketch.cookie);
    snapshot_.flows.push_back(make_flow(sketch));
    return *this;
  }
  SnapshotBuilder& raft(const RaftSketch& sketch) {
    snapshot_.cookies.push_back(sketch.cookie);
    snapshot_.flows.push_back(make_raft_flow(sketch));
    return *this;
  }
  SnapshotBuilder& reach(std::vector<fanfare_reach> counters) {
    snapshot_.reach = std::move(counters);
    return *this;
  }
  SnapshotBuilder& holder(std::uint64_t cookie, std::string exe) {
    owners_.by_cookie[cookie] = {.pid = 7, .fd = 3, .comm = "chatd", .exe = std::move(exe)};
    return *this;
  }
  SnapshotBuilder& scanned(bool all_processes = true) {
    owners_.scanned = std::chrono::seconds(1);
    owners_.all_processes = all_processes;
    return *this;
  }
  SnapshotBuilder& listener(std::uint16_t port, std::string comm, std::uint32_t netns = 1,
                            std::string exe = "", std::uint64_t cgroup_id = 1) {
    auto& owner = owners_.listeners[{netns, port}];
    owner = {.pid = 7, .fd = 3, .comm = std::move(comm), .exe = std::move(exe)};
    owner.cgroup_id = cgroup_id;
    return *this;
  }
  SnapshotBuilder& cgroup(std::uint64_t id, std::string path) {
    owners_.cgroup_paths[id] = std::move(path);
    return *this;
  }
  // A pod "chat/NAME"; its cgroup is what pod_cgroup() says.
  SnapshotBuilder& pod(const std::string& name, std::map<std::string, std::string> labels,
                       const std::string& uid = pod_uid, bool ended = false) {
    auto pods = snapshot_.pods->pods();
    pods[uid] = {.uid = uid, .name_space = "chat", .name = name, .node = "node-a"};
    pods[uid].labels = std::move(labels);
    pods[uid].ended = ended;
    snapshot_.pods = std::make_shared<PodTable>(pods);
    return *this;
  }
  SnapshotBuilder& loss(fanfare_loss reason, std::uint64_t count) {
    snapshot_.losses[reason] = count;
    return *this;
  }
  Snapshot build() {
    snapshot_.owners = std::make_shared<Owners>(owners_);
    return snapshot_;
  }

 private:
  Snapshot snapshot_;
  Owners owners_;
};

}  // namespace fanfare::testing
