// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/permissions.h"

#include <linux/capability.h>

#include <cstdint>
#include <fstream>

namespace fanfare {
namespace {

struct CapabilitySets {
  std::uint64_t effective = 0;
  std::uint64_t bounding = 0;
};

CapabilitySets read_sets(const std::string& status) {
  CapabilitySets sets;
  std::ifstream file(status);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("CapEff:")) sets.effective = std::stoull(line.substr(7), nullptr, 16);
    if (line.starts_with("CapBnd:")) sets.bounding = std::stoull(line.substr(7), nullptr, 16);
  }
  return sets;
}

Capability state_of(const CapabilitySets& sets, const char* name, int capability, bool or_admin) {
  const auto has = [&](std::uint64_t set) {
    return (set >> capability & 1) != 0 || (or_admin && (set >> CAP_SYS_ADMIN & 1) != 0);
  };
  return {name, has(sets.effective), has(sets.bounding)};
}

}  // namespace

std::vector<Capability> needed_capabilities(const std::string& status) {
  const CapabilitySets sets = read_sets(status);
  return {state_of(sets, "CAP_BPF", CAP_BPF, true),
          state_of(sets, "CAP_PERFMON", CAP_PERFMON, true),
          state_of(sets, "CAP_NET_ADMIN", CAP_NET_ADMIN, false)};
}

Capability tracing_capability(const std::string& status) {
  return state_of(read_sets(status), "CAP_SYS_PTRACE", CAP_SYS_PTRACE, false);
}

std::vector<std::string> missing_capabilities(const std::string& status) {
  std::vector<std::string> missing;
  for (const Capability& capability : needed_capabilities(status))
    if (!capability.effective) missing.push_back(capability.name);
  return missing;
}

}  // namespace fanfare
