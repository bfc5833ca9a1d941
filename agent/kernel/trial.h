// SPDX-License-Identifier: Apache-2.0
// Everything that an agent needs of the kernel, done once and undone: the system call, a map, the
// real programs in a cgroup of their own, a packet, the scope, the owners. Plain values come back,
// with errno and the kernel's words; nothing is judged here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/cgroup_tree.h"
#include "agent/kernel/knobs.h"
#include "agent/kernel/memory_need.h"
#include "agent/kernel/scope_proof.h"
#include "agent/kernel/snapshot.h"
#include "agent/kernel/verifier_words.h"

namespace fanfare {

struct Attempt {
  bool tried = false;
  int error = 0;       // errno
  std::string said{};  // what failed, and the kernel's last words
  bool failed = false;
  bool worked() const { return tried && !failed; }
};

struct Trial {
  Attempt bpf_call;                    // bpf(2) gets through to the kernel
  int bpf_signal = 0;                  // or: the signal that the call died of
  Attempt btf;                         // /sys/kernel/btf/vmlinux is there and can be read
  Attempt map;                         // created, written, read
  std::vector<std::string> missing{};  // see missing_features()
  Attempt load, attach;                // the agent's own programs, with small maps
  VerifierWords verifier;              // why `load` failed, where the verifier said so
  Attempt packet;                      // three messages were sent and three counted
  bool own_cgroup = false;             // they were attached to a cgroup of the trial's own
  std::optional<ScopeProof> scope;     // of the cgroup that the agent would count in
  Attempt owners;                      // the iterator found the trial's own listener and its holder
  std::uint32_t owner_pid = 0,
                own_pid = 0;  // as the iterator says, as we know it; same: host's pids
  // Who listens in the network namespace at hand; empty where `owners` did not work.
  std::map<std::uint16_t, Owner> listeners;
};

// What an agent with these knobs takes; nothing where the programs cannot even be opened.
std::optional<MemoryNeed> memory_need(const Knobs& knobs);

// `cgroup`: where the agent would count; nothing: no such place. Takes about a second. Other
// sockets are not touched, and nothing stays behind.
Trial try_kernel(const std::optional<CgroupTarget>& cgroup, const Knobs& knobs);

}  // namespace fanfare
