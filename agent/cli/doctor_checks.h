// SPDX-License-Identifier: Apache-2.0
// Facts to checks: what each attempt means, why, and the one command that mends it. Pure; who
// gathers the facts is doctor.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/cli/doctor_codes.h"
#include "agent/kernel/host_facts.h"
#include "agent/kernel/memory_need.h"
#include "agent/kernel/trial.h"

namespace fanfare {

// Something that is there or is refused with a sentence.
struct Door {
  std::string what;  // "127.0.0.1:9477", a path
  bool open = true;
  std::string refusal{}, remedy{};  // where not open
};

// What an agent at the admin socket said.
struct AgentFacts {
  bool answers = false;
  bool ready = false;
  std::string version, first_finding;  // why not ready
};

// Whether the API server names the pods of this node.
struct PodFacts {
  std::string server, node;  // empty: nobody is asked
  std::string refusal;       // why nobody is asked; or why it does not
  bool wanted = false;       // some shard is told by the labels of pods
};

struct DoctorFacts {
  HostFacts host;
  Trial trial;
  std::optional<CgroupTarget> cgroup;                      // where the agent would count
  std::string cgroup_code, cgroup_refusal, cgroup_remedy;  // where there is none
  std::optional<MemoryNeed> memory;                        // where it could be told
  std::optional<std::uint64_t> memory_limit;               // nothing: none shows
  bool matches_exe = false;                                // a shard of the configuration does
  Door config;                                             // `what` empty: no file was named
  Door listen;
  std::optional<Owner> listen_holder;  // of the port, where known
  Door admin;
  AgentFacts agent;
  PodFacts pods;
};

enum class Result { ok, warning, miss, skipped };

struct Check {
  const DoctorCode* code = nullptr;
  Result result = Result::ok;
  std::string seen{};    // ok: what was found; skipped: why; else empty
  std::string cause{};   // warning and miss
  std::string remedy{};  // warning and miss: one command or one line
  // Of a miss; a warning may have another than its code.
  std::string consequence{};
};

enum class Diagnosis { fine, finding, cannot_run };

// In the order of doctor_codes(), one for each.
std::vector<Check> judge(const DoctorFacts& facts);

Diagnosis diagnosis(const std::vector<Check>& checks);

}  // namespace fanfare
