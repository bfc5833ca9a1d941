// SPDX-License-Identifier: Apache-2.0
// How much memory an agent takes, by its configuration, and how much this process may take. Maps
// are made in full at the start, and a process over its limit is killed without a word: so it says
// the words before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

struct bpf_object;

namespace fanfare {

// Of the agent itself, measured: at its start, and for each open socket that it follows.
inline constexpr std::uint64_t agent_bytes = 32'000'000, agent_bytes_a_socket = 2'700;

struct MemoryNeed {
  std::uint32_t sockets = 0;  // limits.sockets
  std::uint64_t maps = 0;     // bytes
  std::uint64_t at_start() const { return maps + agent_bytes; }
  std::uint64_t when_full() const { return at_start() + sockets * agent_bytes_a_socket; }
};

// What the maps of an object that has been opened, and whose sizes have been set, will take.
std::uint64_t map_bytes(const bpf_object* object);

// The lowest limit of this process that shows: of its cgroup and those above it as far as they are
// mounted (v2), or FANFARE_MEMORY_LIMIT in the environment, in bytes, which the chart sets since a
// pod does not see its own. `root` stands before /proc and /sys, for tests.
std::optional<std::uint64_t> memory_limit(const std::string& root = "");

// Why an agent would be killed here, as a sentence; empty: it fits, at least at its start.
std::string too_little_memory(const MemoryNeed& need, std::optional<std::uint64_t> limit);
// What mends that, or makes room for limits.sockets open sockets.
std::string memory_remedy(const MemoryNeed& need, std::uint64_t limit);

}  // namespace fanfare
