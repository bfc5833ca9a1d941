// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/permissions.h"

#include <linux/capability.h>

#include <cstdint>
#include <fstream>

namespace fanfare {

std::vector<std::string> missing_capabilities(const std::string& status) {
  std::uint64_t effective = 0;
  std::ifstream file(status);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("CapEff:")) effective = std::stoull(line.substr(7), nullptr, 16);
  const auto has = [effective](int capability) { return (effective >> capability & 1) != 0; };

  std::vector<std::string> missing;
  if (!has(CAP_BPF) && !has(CAP_SYS_ADMIN)) missing.emplace_back("CAP_BPF");
  if (!has(CAP_PERFMON) && !has(CAP_SYS_ADMIN)) missing.emplace_back("CAP_PERFMON");
  if (!has(CAP_NET_ADMIN)) missing.emplace_back("CAP_NET_ADMIN");
  return missing;
}

}  // namespace fanfare
