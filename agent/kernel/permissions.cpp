// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/permissions.h"

#include <linux/capability.h>

#include <cstdint>
#include <fstream>

namespace fanfare {

std::vector<Capability> needed_capabilities(const std::string& status) {
  std::uint64_t effective = 0;
  std::uint64_t bounding = 0;
  std::ifstream file(status);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("CapEff:")) effective = std::stoull(line.substr(7), nullptr, 16);
    if (line.starts_with("CapBnd:")) bounding = std::stoull(line.substr(7), nullptr, 16);
  }
  const auto has = [](std::uint64_t set, int capability, bool or_admin) {
    return (set >> capability & 1) != 0 || (or_admin && (set >> CAP_SYS_ADMIN & 1) != 0);
  };
  const auto state = [&](const char* name, int capability, bool or_admin) {
    return Capability{name, has(effective, capability, or_admin),
                      has(bounding, capability, or_admin)};
  };
  return {state("CAP_BPF", CAP_BPF, true), state("CAP_PERFMON", CAP_PERFMON, true),
          state("CAP_NET_ADMIN", CAP_NET_ADMIN, false)};
}

std::vector<std::string> missing_capabilities(const std::string& status) {
  std::vector<std::string> missing;
  for (const Capability& capability : needed_capabilities(status))
    if (!capability.effective) missing.push_back(capability.name);
  return missing;
}

}  // namespace fanfare
