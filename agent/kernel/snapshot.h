// SPDX-License-Identifier: Apache-2.0
// What the kernel side has counted at one instant, as plain values: the seam of the agent. A live
// kernel, a recording or a test's literals can stand behind it; nothing to its right knows libbpf.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/pods/pod_table.h"
#include "bpf/abi.h"

namespace fanfare {

// CLOCK_MONOTONIC, the clock of every time in `fanfare_flow`.
using Monotonic = std::chrono::nanoseconds;
// CLOCK_REALTIME, for people and exports.
using Wall = std::chrono::system_clock::time_point;

// A process that holds a socket. The iterator sees holders; a socket held by several processes
// belongs to the one with the highest pid (a service started by socket activation, not systemd).
struct Owner {
  std::uint32_t pid = 0;
  std::uint32_t fd = 0;
  std::string comm;
  std::string exe;  // empty where /proc/PID/exe cannot be read
  // Of a listener on a hybrid host: its path in a hierarchy of cgroup v1 that names a container,
  // which the path of v2 need not.
  std::string v1_path{};
  std::uint32_t srtt_us = 0;       // at the scan, not at the snapshot
  std::uint32_t unsent_bytes = 0;  // at the scan
  std::uint64_t cgroup_id = 0;     // of the socket, a key of Owners::cgroup_paths
  // Of a listener: what a person calls the program (kernel/program_name.h), empty where it is not
  // known. Made once, and kept as long as it listens.
  std::string program{};
  // False of process 1: as a rule it holds a listener on behalf of a service that is to come.
  bool certain = true;
};

struct ListenerKey {
  std::uint32_t netns = 0;  // inode
  std::uint16_t port = 0;
  auto operator<=>(const ListenerKey&) const = default;
};

// Result of one pass of iter/task_file, with who has begun or ceased to listen since; shared by the
// snapshots until there is another.
struct Owners {
  Monotonic scanned{};
  bool same_scan = false;  // as the object before: only who listens has changed
  // False where the agent has a pid namespace of its own: it cannot tell that nobody listens.
  bool all_processes = true;
  std::unordered_map<std::uint64_t, Owner> by_cookie;
  std::map<ListenerKey, Owner> listeners;
  std::map<ListenerKey, Owner> ended{};  // listened until a minute ago at most
  std::unordered_map<std::uint64_t, std::string> cgroup_paths;  // id -> path below the root, "/..."
  // Of the interfaces in the agent's network namespace, as in fanfare_flow.
  std::vector<std::array<std::uint8_t, 16>> addresses{};
};

// What was lost of sockets without a record, see fanfare_port_loss. Cumulative.
struct PortLoss {
  fanfare_port_loss of{};
  std::uint64_t count = 0;
};

struct MapFill {
  std::string map;
  std::uint64_t entries = 0;
  std::uint64_t capacity = 0;
};

struct ProgramRuns {
  std::string program;
  std::uint64_t runs = 0;  // 0 while kernel.bpf_stats_enabled is off
  std::chrono::nanoseconds run_time{};
};

// A socket that is open on a served port, or may be, and that is not followed.
struct DarkSocket {
  std::uint64_t cookie = 0;
  fanfare_dark socket{};
};

// One event of a shard with rooms, as it was when it was told; see kernel/event_settler.h.
struct ToldEvent {
  fanfare_event event{};  // the publisher's own copies left out
  bool late = false;      // told before, without a copy; it has one now
};

struct Snapshot {
  Monotonic taken{};
  Wall wall{};
  // Parallel: cookies[i] is the key of flows[i]. Each cookie stands once.
  std::vector<std::uint64_t> cookies;
  std::vector<fanfare_flow> flows;
  // Of test sockets (own_sockets.h): of no shard, and of no figure.
  std::vector<fanfare_flow> tests{};
  std::vector<DarkSocket> dark{};  // none of them in `cookies`, but for those just given up
  // By listened port: open sockets that have no record, since they have sent nothing yet or plain
  // HTTP alone, and may still become clients. Of a recording: none.
  std::map<std::uint16_t, std::uint64_t> awaited{};
  std::shared_ptr<const Owners> owners = std::make_shared<Owners>();
  // The pods of this node as they are known; empty outside of Kubernetes. Set by who watches them.
  std::shared_ptr<const PodTable> pods = std::make_shared<PodTable>();
  std::array<std::uint64_t, FANFARE_LOSS_COUNT> losses{};  // cumulative, by enum fanfare_loss
  std::vector<PortLoss> port_losses{};
  // Cumulative, summed over CPUs; by place in Config::shards, empty where no shard has `identity`.
  std::vector<fanfare_reach> reach{};
  // Of this tick: those that came due a settle time ago, and the late.
  std::vector<ToldEvent> events{};
  std::vector<MapFill> maps;
  std::vector<ProgramRuns> programs;
};

}  // namespace fanfare
