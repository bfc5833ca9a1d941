// SPDX-License-Identifier: Apache-2.0
// A host on which an agent can run, as facts; tests take away one thing each.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "agent/cli/doctor_checks.h"

namespace fanfare::cli_test {

inline Owner holder(const std::string& comm) {
  Owner owner;
  owner.pid = 17;
  owner.comm = comm;
  return owner;
}

inline DoctorFacts good_host() {
  DoctorFacts facts;
  facts.host.node = "chat-1";
  facts.host.system = "Debian GNU/Linux 12 (bookworm)";
  facts.host.release = "6.1.0-18-amd64";
  facts.host.machine = "x86_64";
  facts.host.major = 6;
  facts.host.minor = 1;
  facts.host.capabilities = {
      {"CAP_BPF", true, true}, {"CAP_PERFMON", true, true}, {"CAP_NET_ADMIN", true, true}};
  facts.host.tracing = {"CAP_SYS_PTRACE", true, true};
  facts.host.lockdown = "integrity";
  facts.host.memlock_bytes = 8388608;
  const Attempt done{.tried = true};
  Trial& trial = facts.trial;
  trial.bpf_call = trial.btf = trial.map = trial.load = trial.attach = trial.packet = trial.owners =
      done;
  trial.own_cgroup = true;
  trial.owner_pid = trial.own_pid = 4711;
  trial.listeners[8080] = holder("node");
  trial.scope = ScopeProof{ScopeResult::proven,
                           "a socket in a foreign network namespace and cgroup was counted", 1};
  facts.memory = MemoryNeed{131072, 123'000'000};
  facts.cgroup = CgroupTarget{"/sys/fs/cgroup", 1, false};
  facts.listen.what = "127.0.0.1:9477";
  facts.admin.what = "/run/fanfare/admin.sock";
  facts.pods.refusal = "the agent runs in no pod (KUBERNETES_SERVICE_HOST is not set)";
  return facts;
}

inline Attempt failed(int error, const std::string& said) {
  return {.tried = true, .error = error, .said = said, .failed = true};
}

inline Check check_of(const DoctorFacts& facts, std::string_view code) {
  const std::vector<Check> checks = judge(facts);
  return *std::ranges::find(checks, code, [](const Check& check) { return check.code->code; });
}

// The programs and what depends on them were not tried.
inline void forget_programs(DoctorFacts& facts) {
  facts.trial.load = facts.trial.attach = facts.trial.packet = facts.trial.owners = {};
  facts.trial.scope.reset();
}

}  // namespace fanfare::cli_test
