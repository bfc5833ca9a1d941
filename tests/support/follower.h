// SPDX-License-Identifier: Apache-2.0
// A follower's kernel as a Source, with the fault of the founding incident at hand, and the
// configuration of its shard.
#pragma once

#include <algorithm>

#include "agent/config/config.h"
#include "agent/kernel/source.h"
#include "tests/support/snapshots.h"

namespace fanfare::testing {

inline constexpr unsigned events_per_second = 20;
inline constexpr unsigned copies_per_event = 5;
inline constexpr unsigned clients = 12;

// A follower's kernel: the leader sends it 20 commands a second, and its clients get a share.
class Follower : public Source {
 public:
  // Of three events, `share` reach a client: the fault of the founding incident leaves one.
  void deliver(unsigned share) { share_ = share; }
  void fall_silent() { rate_ = 0; }
  // Clients of it that have no record.
  std::vector<DarkSocket> dark;

  Snapshot read(Monotonic now, Wall wall, Snapshot) override {
    for (unsigned i = 0; i < rate_; ++i) {
      ++index_;
      if (index_ % 3 >= share_) continue;
      ++reach_.reached;
      reach_.copies += copies_per_event;
    }
    SnapshotBuilder snapshot;
    snapshot.listener(8080, "chatd")
        .raft({.dialled = false, .first = 1, .last = index_, .answers = index_})
        .reach({reach_});
    for (unsigned i = 0; i < clients; ++i)
      snapshot.flow({.cookie = 1 + i, .events_out = reach_.copies / clients});
    auto built = snapshot.build();
    built.taken = now;
    built.wall = wall;
    built.dark = dark;
    return built;
  }

 private:
  unsigned share_ = 3;
  unsigned rate_ = events_per_second;
  std::uint64_t index_ = 1;
  fanfare_reach reach_{};
};

inline Config replicated() {
  Config config;
  config.shards = {{.name = "chat-1", .match = {.listen_ports = {8080}, .cgroup = {}, .exe = {}}}};
  config.shards[0].identity = {Identity::Kind::json_key, "id"};
  config.shards[0].replication = Replication{.ports = {7000}, .peers = {}};
  return config;
}

}  // namespace fanfare::testing
