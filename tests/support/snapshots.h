// SPDX-License-Identifier: Apache-2.0
// Snapshots from literals: the words in which tests of the rooms right of the kernel are written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

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
};

inline fanfare_flow make_flow(const FlowSketch& sketch) {
  fanfare_flow flow{};
  flow.local_port = sketch.port;
  flow.netns = sketch.netns;
  flow.cgroup_id = sketch.cgroup_id;
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
  SnapshotBuilder& listener(std::uint16_t port, std::string comm, std::uint32_t netns = 1,
                            std::string exe = "") {
    owners_.listeners[{netns, port}] = {
        .pid = 7, .fd = 3, .comm = std::move(comm), .exe = std::move(exe)};
    return *this;
  }
  SnapshotBuilder& cgroup(std::uint64_t id, std::string path) {
    owners_.cgroup_paths[id] = std::move(path);
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
