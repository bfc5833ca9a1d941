// SPDX-License-Identifier: Apache-2.0
// The checks of the kernel, the permissions and the surroundings; those of the programs stand in
// doctor_programs.cpp.
#include "agent/cli/doctor_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "agent/cli/doctor_verdicts.h"
#include "agent/config/codes.h"
#include "agent/kernel/features.h"

namespace fanfare {
namespace {

constexpr std::uint64_t enough_memlock = 256ULL * 1024 * 1024;

bool older(const HostFacts& host, unsigned major, unsigned minor) {
  return host.major < major || (host.major == major && host.minor < minor);
}

Check check_kernel(const DoctorFacts& facts) {
  const std::string found = fmt::format("Linux {} {}", facts.host.release, facts.host.machine);
  if (!facts.trial.missing.empty())
    return miss(code::kernel_version, too_old(facts.host.release, facts.trial.missing));
  if (!older(facts.host, floor_major, floor_minor)) return ok(code::kernel_version, found);
  // The verifier's refusal is told where the programs are; here only that nobody has tried this.
  return warning(
      code::kernel_version,
      fmt::format("{} is older than {}.{}, though it has what the programs need", found,
                  floor_major, floor_minor),
      facts.trial.load.worked() ? "none known: the programs load" : "the programs may not load");
}

Check check_btf(const DoctorFacts& facts) {
  const Attempt& btf = facts.trial.btf;
  if (btf.worked()) return ok(code::btf, "/sys/kernel/btf/vmlinux is there and can be read");
  const std::string cause =
      btf.error == ENOENT && btf.said.find("struct") == std::string::npos
          ? "this kernel shows no " + btf.said
          : fmt::format("{} is no type information: {}", btf.said, std::strerror(btf.error));
  if (facts.trial.load.worked())
    return warning(code::btf, cause, "none: the programs load with that of a file in /boot");
  return miss(code::btf, cause);
}

Check check_cgroup_tree(const DoctorFacts& facts) {
  if (facts.cgroup) return ok(code::cgroup_tree, facts.cgroup->path);
  if (facts.cgroup_code == code::cgroup_root)
    return ok(code::cgroup_tree, "mounted, see the next line");
  return miss(code::cgroup_tree, facts.cgroup_refusal, facts.cgroup_remedy);
}

Check check_cgroup_root(const DoctorFacts& facts) {
  if (facts.cgroup && !facts.cgroup->subtree)
    return ok(code::cgroup_root, facts.cgroup->path + " has inode 1: the whole host");
  if (facts.cgroup)
    return warning(code::cgroup_root,
                   facts.cgroup->path + " was named and is not the root: it is a subtree",
                   "only sockets below it are counted, as was asked for",
                   "leave out --cgroup to count on the whole host");
  if (facts.cgroup_code != code::cgroup_root)
    return skipped(code::cgroup_root, "there is no tree to look at (FF-103)");
  return miss(
      code::cgroup_root, facts.cgroup_refusal,
      by_launcher(facts.host, "nsenter --cgroup=/proc/1/ns/cgroup fanfare doctor",
                  "start it with docker run --cgroupns=host -v "
                  "/sys/fs/cgroup:/sys/fs/cgroup",
                  "where the nodes are containers themselves (kind, minikube, k3d): helm upgrade "
                  "--reuse-values --set cgroupPath=/sys/fs/cgroup"));
}

Check check_lockdown(const DoctorFacts& facts) {
  const std::string& mode = facts.host.lockdown;
  if (mode.empty())
    return skipped(code::lockdown, "/sys/kernel/security/lockdown is not shown here");
  if (mode != "confidentiality") return ok(code::lockdown, mode);
  const std::string cause = "the kernel is locked down in the mode confidentiality";
  if (facts.trial.load.failed) return miss(code::lockdown, cause);
  return warning(code::lockdown, cause,
                 facts.trial.load.worked() ? "none: the programs load all the same"
                                           : "the programs may not load");
}

Check check_capability(const DoctorFacts& facts, std::string_view code,
                       const Capability& capability) {
  if (capability.effective) return ok(code, "there");
  const std::string bare = capability.name.substr(4);
  if (capability.bounding) {
    const std::string cause = fmt::format(
        "user {} does not have it; it is in the bounding set, so root has it", facts.host.user);
    const std::string remedy = facts.host.user != 0
                                   ? "sudo fanfare doctor"
                                   : fmt::format(
                                         "sudo setcap cap_bpf,cap_perfmon,cap_net_admin{}+ep "
                                         "$(which fanfare)",
                                         facts.matches_exe ? ",cap_sys_ptrace" : "");
    return miss(code, cause,
                by_launcher(facts.host, remedy, "docker run --user 0",
                            "set securityContext: {runAsUser: 0} for the agent's container"));
  }
  return miss(code,
              "it is not in the bounding set: whatever started this process took it away, and not "
              "even root gets it back",
              by_launcher(facts.host,
                          "capsh --print shows the bounding set; start from a shell "
                          "that has " +
                              capability.name + " in it",
                          "docker run --cap-add " + bare,
                          fmt::format("add {} to securityContext.capabilities.add", bare),
                          fmt::format("add {} to CapabilityBoundingSet= and AmbientCapabilities= "
                                      "of the unit",
                                      capability.name)));
}

Check check_tracing(const DoctorFacts& facts) {
  if (!facts.matches_exe)
    return skipped(code::cap_sys_ptrace, "needed by match.exe alone, and no shard has that");
  return check_capability(facts, code::cap_sys_ptrace, facts.host.tracing);
}

Check check_user_namespace(const DoctorFacts& facts) {
  if (facts.host.initial_user_namespace) return ok(code::user_namespace, "the host's");
  return miss(code::user_namespace,
              "this process is in a user namespace of its own (/proc/self/uid_map): what it has of "
              "capabilities is worth nothing to bpf(2)",
              by_launcher(facts.host, "run it as root of the host, outside of the user namespace",
                          "docker run --userns=host, by the root user's docker or podman",
                          "set hostUsers: true for the pod"));
}

Check check_memlock(const DoctorFacts& facts) {
  if (!facts.trial.missing.empty())
    return skipped(code::memlock, fmt::format("this kernel is too old ({})", code::kernel_version));
  if (!older(facts.host, 5, 11))
    return skipped(code::memlock, "from 5.11 on maps are charged to the memory cgroup");
  if (facts.host.memlock_bytes >= enough_memlock || facts.trial.load.worked())
    return ok(code::memlock, "enough");
  return miss(code::memlock,
              fmt::format("RLIMIT_MEMLOCK is {} bytes, and this kernel charges maps to it",
                          facts.host.memlock_bytes),
              by_launcher(facts.host, "ulimit -l unlimited", "docker run --ulimit memlock=-1",
                          "add SYS_RESOURCE to securityContext.capabilities.add",
                          "set LimitMEMLOCK=infinity in the unit"));
}

Check check_memory(const DoctorFacts& facts) {
  if (!facts.memory) return skipped(code::memory, "the programs could not be opened");
  const MemoryNeed& need = *facts.memory;
  const auto megabytes = [](std::uint64_t bytes) { return bytes / 1'000'000; };
  const std::string needs =
      fmt::format("{} MB at the start, {} MB with limits.sockets: {} open",
                  megabytes(need.at_start()), megabytes(need.when_full()), need.sockets);
  if (!facts.memory_limit) return ok(code::memory, needs + "; no limit shows here");
  const std::uint64_t limit = *facts.memory_limit;
  if (const auto cause = too_little_memory(need, limit); !cause.empty())
    return miss(code::memory, cause, memory_remedy(need, limit));
  const std::string found = fmt::format("{}; the limit is {} MB", needs, megabytes(limit));
  if (need.when_full() <= limit) return ok(code::memory, found);
  return warning(code::memory, found,
                 "with that many sockets open the kernel would kill the agent without a word",
                 memory_remedy(need, limit));
}

Check check_config(const DoctorFacts& facts) {
  if (facts.config.what.empty()) return ok(code::config, "the defaults; no --config was given");
  if (facts.config.open) return ok(code::config, facts.config.what + " is valid");
  return miss(code::config, facts.config.refusal, "fanfare config check " + facts.config.what);
}

std::string holder_of(const DoctorFacts& facts) {
  if (!facts.listen_holder) return "by whom is not shown here";
  const bool agent = facts.listen_holder->comm == "fanfare";
  return fmt::format("by {}{}, pid {}", agent ? "a fanfare agent: " : "", facts.listen_holder->comm,
                     facts.listen_holder->pid);
}

Check check_listen(const DoctorFacts& facts) {
  const Door& door = facts.listen;
  if (door.open) return ok(code::listen, door.what + " is free");
  const bool in_use = door.refusal.find("in use") != std::string::npos;
  if (!in_use) return miss(code::listen, door.refusal, door.remedy);
  const std::string cause = fmt::format("{} is in use, {}", door.what, holder_of(facts));
  const bool by_agent = facts.listen_holder && facts.listen_holder->comm == "fanfare";
  if (facts.agent.answers && (by_agent || !facts.listen_holder))
    return ok(code::listen, cause + "; an agent runs here");
  if (by_agent)
    return warning(code::listen, cause, "a second agent cannot start at this address",
                   "ask that one with --admin PATH, or give this one another --listen");
  return miss(code::listen, cause, "give another address: fanfare agent --listen 127.0.0.1:9478");
}

Check check_admin(const DoctorFacts& facts) {
  if (facts.agent.answers) return ok(code::admin, "an agent answers at " + facts.admin.what);
  if (facts.admin.open) return ok(code::admin, facts.admin.what + " can be made");
  return miss(code::admin, facts.admin.refusal, facts.admin.remedy);
}

Check check_agent(const DoctorFacts& facts) {
  if (!facts.agent.answers) return skipped(code::agent, "none answers at " + facts.admin.what);
  if (facts.agent.ready) return ok(code::agent, facts.agent.version + " runs and is ready");
  return miss(code::agent, "it is not ready: " + facts.agent.first_finding);
}

// Only of what the server refuses does it help to ask it what is allowed.
std::string pods_remedy(const PodFacts& pods) {
  if (pods.refusal.starts_with("HTTP 403")) return {};
  if (pods.refusal.starts_with("TLS") || pods.refusal.find("file") != std::string::npos)
    return "compare kubernetes.ca_file and token_file with those of the cluster's service account";
  return "curl -sk " + pods.server + "/readyz, from where the agent runs";
}

Check check_pods(const DoctorFacts& facts) {
  const PodFacts& pods = facts.pods;
  if (pods.server.empty() && !pods.wanted) return skipped(code::pods, pods.refusal);
  if (pods.server.empty())
    return miss(code::pods,
                "a shard has match.pod_labels, and no API server is asked: " + pods.refusal,
                "run the agent in a pod with a service account, or set kubernetes.api");
  if (pods.refusal.empty())
    return ok(code::pods, fmt::format("{} lists and watches those of {}", pods.server, pods.node));
  const std::string cause = fmt::format("{}: {}", pods.server, pods.refusal);
  if (pods.wanted) return miss(code::pods, cause, pods_remedy(pods));
  return warning(code::pods, cause,
                 "sockets have no pod in `fanfare sockets`; nothing else hangs on it",
                 pods_remedy(pods));
}

}  // namespace

std::vector<Check> judge(const DoctorFacts& facts) {
  const auto& capabilities = facts.host.capabilities;
  return {check_kernel(facts),
          check_btf(facts),
          check_cgroup_tree(facts),
          check_cgroup_root(facts),
          check_lockdown(facts),
          check_capability(facts, code::cap_bpf, capabilities.at(0)),
          check_capability(facts, code::cap_perfmon, capabilities.at(1)),
          check_capability(facts, code::cap_net_admin, capabilities.at(2)),
          check_user_namespace(facts),
          check_bpf_call(facts),
          check_memlock(facts),
          check_tracing(facts),
          check_memory(facts),
          check_map(facts),
          check_load(facts),
          check_attach(facts),
          check_packet(facts),
          check_scope(facts),
          check_owners(facts),
          check_config(facts),
          check_listen(facts),
          check_admin(facts),
          check_agent(facts),
          check_pods(facts)};
}

Diagnosis diagnosis(const std::vector<Check>& checks) {
  Diagnosis worst = Diagnosis::fine;
  for (const Check& check : checks)
    if (check.result == Result::miss)
      worst = std::max(worst, check.code->fatal ? Diagnosis::cannot_run : Diagnosis::finding);
  return worst;
}

}  // namespace fanfare
