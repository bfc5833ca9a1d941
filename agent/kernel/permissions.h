// SPDX-License-Identifier: Apache-2.0
// Which of the capabilities that loading and attaching need this process has.
#pragma once

#include <string>
#include <vector>

namespace fanfare {

struct Capability {
  std::string name;        // as in capabilities(7)
  bool effective = false;  // may be used now
  bool bounding = false;   // a program started from here may gain it
};

// CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, in this order. CAP_SYS_ADMIN stands for the first two, as in
// the kernel.
std::vector<Capability> needed_capabilities(const std::string& status = "/proc/self/status");

// CAP_SYS_PTRACE: to read which executable a process of another user runs.
Capability tracing_capability(const std::string& status = "/proc/self/status");

// The names of those that are not effective.
std::vector<std::string> missing_capabilities(const std::string& status = "/proc/self/status");

}  // namespace fanfare
