// SPDX-License-Identifier: Apache-2.0
// Sockets of the agent's own to test with, in a network namespace and a cgroup of their own. A
// child process makes them and hands them over; they stay where they were made while neither the
// child nor the cgroup's directory is left: nobody's rmdir is in their way, and no test needs
// another fork.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "agent/kernel/fd.h"
#include "bpf/abi.h"

namespace fanfare {

// All test sockets (the agent's, doctor's, selftest's) have this address of the loopback network,
// which nobody else uses ("FAN"): by it they are told from clients, whoever reads their records and
// whenever, and are left out of every shard.
inline constexpr std::array<std::uint8_t, 4> test_address{127, 70, 65, 78};
bool is_test_socket(const fanfare_flow& flow);

struct OwnSockets {
  Fd listener, client;  // the client is not connected
  int error = 0;        // errno of the first step that failed, 0: all were done
  int netns_error = 0;  // errno of the namespace that could not be made
  bool netns = false;   // they are in a namespace of their own
  bool cgroup = false;  // ... and in a cgroup of their own
  std::uint16_t port = 0;
};

enum class Where { foreign_netns, this_netns };

class SocketMaker {
 public:
  // Starts the child. `avoid`: ports that the configuration gives a meaning.
  SocketMaker(const std::string& cgroup, Where where, const std::set<std::uint16_t>& avoid = {});
  ~SocketMaker();
  SocketMaker(const SocketMaker&) = delete;
  SocketMaker& operator=(const SocketMaker&) = delete;

  // What the child has made, or why it could not; nothing while it is still at it. Call it no more
  // once it has answered.
  std::optional<OwnSockets> take(std::chrono::milliseconds patience);

 private:
  std::string directory_;  // of the child's cgroup
  Fd channel_;
  pid_t child_ = -1;
  int error_ = 0;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace fanfare
