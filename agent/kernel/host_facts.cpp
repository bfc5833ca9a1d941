// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/host_facts.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fanfare {
namespace {

namespace fs = std::filesystem;

constexpr const char* initial_pid_inode = "pid:[4026531836]";  // PROC_PID_INIT_INO

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<int> number_in(const std::string& path) {
  std::ifstream file(path);
  int number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

// The value behind "KEY" and its separator at the start of a line.
std::string value_of(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    line.erase(0, key.size());
    const auto from = line.find_first_not_of(" \t\"");
    const auto to = line.find_last_not_of(" \t\"");
    return from == std::string::npos ? "" : line.substr(from, to - from + 1);
  }
  return {};
}

// "none [integrity] confidentiality" -> "integrity"
std::string chosen_word(const std::string& line) {
  const auto open = line.find('[');
  const auto close = line.find(']');
  return close == std::string::npos || open > close ? "" : line.substr(open + 1, close - open - 1);
}

// All ids are their own: "0 0 4294967295".
bool maps_all_ids(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t inside = 1, outside = 1, count = 0;
  if (!(file >> inside >> outside >> count)) return true;  // a kernel without user namespaces
  return inside == 0 && outside == 0 && count == 4294967295U;
}

Launcher find_launcher(const std::string& root) {
  if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr) return Launcher::kubernetes;
  if (fs::exists(root + "/.dockerenv") || fs::exists(root + "/run/.containerenv"))
    return Launcher::container;
  return std::getenv("INVOCATION_ID") != nullptr && ::isatty(STDERR_FILENO) != 1 ? Launcher::systemd
                                                                                 : Launcher::shell;
}

}  // namespace

bool in_initial_pid_namespace(const std::string& root) {
  std::error_code unreadable;
  const auto pid_namespace = fs::read_symlink(root + "/proc/self/ns/pid", unreadable);
  return unreadable || pid_namespace == initial_pid_inode;
}

HostFacts read_host_facts(const std::string& root) {
  HostFacts facts;
  utsname name{};
  if (::uname(&name) == 0) {
    facts.node = name.nodename;
    facts.release = name.release;
    facts.machine = name.machine;
    std::istringstream version(facts.release);
    char dot = 0;
    version >> facts.major >> dot >> facts.minor;
  }
  const std::string self = root + "/proc/self/";
  facts.system = value_of(root + "/etc/os-release", "PRETTY_NAME=");
  facts.user = ::geteuid();
  facts.launcher = find_launcher(root);
  facts.capabilities = needed_capabilities(self + "status");
  facts.tracing = tracing_capability(self + "status");
  facts.initial_user_namespace = maps_all_ids(self + "uid_map");
  facts.initial_pid_namespace = in_initial_pid_namespace(root);
  facts.seccomp_filter = value_of(self + "status", "Seccomp:") == "2";
  facts.lockdown = chosen_word(first_line(root + "/sys/kernel/security/lockdown"));
  facts.security_modules = first_line(root + "/sys/kernel/security/lsm");
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) facts.memlock_bytes = limit.rlim_cur;
  facts.unprivileged_bpf_disabled = number_in(root + "/proc/sys/kernel/unprivileged_bpf_disabled");
  facts.perf_event_paranoid = number_in(root + "/proc/sys/kernel/perf_event_paranoid");
  return facts;
}

}  // namespace fanfare
