// SPDX-License-Identifier: Apache-2.0
// What the host says of itself, read and not judged: kernel, capabilities, namespaces, limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/permissions.h"

namespace fanfare {

// What started this process, as far as it shows; decides which words a remedy takes.
enum class Launcher { shell, systemd, container, kubernetes };

struct HostFacts {
  std::string node;     // host name
  std::string system;   // PRETTY_NAME of /etc/os-release
  std::string release;  // "6.1.0-18-amd64"
  std::string machine;  // "x86_64"
  unsigned major = 0, minor = 0;
  unsigned user = 0;  // effective user id
  Launcher launcher = Launcher::shell;
  std::vector<Capability> capabilities;  // see needed_capabilities()
  Capability tracing;                    // see tracing_capability()
  bool initial_user_namespace = true;
  bool initial_pid_namespace = true;
  bool seccomp_filter = false;
  std::string lockdown;          // "none", "integrity", "confidentiality"; empty: not shown here
  std::string security_modules;  // "lockdown,capability,apparmor,bpf"; empty: not shown here
  std::uint64_t memlock_bytes = 0;
  std::optional<int> unprivileged_bpf_disabled;  // sysctls; empty: not shown here
  std::optional<int> perf_event_paranoid;
};

// False in a pid namespace of a container's own. `root` as below.
bool in_initial_pid_namespace(const std::string& root = "");

// `root` stands before /proc, /sys and /etc; for tests.
HostFacts read_host_facts(const std::string& root = "");

}  // namespace fanfare
