// SPDX-License-Identifier: Apache-2.0
// EPERM has many causes: which of them it is follows from what else was seen.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "agent/cli/doctor_verdicts.h"
#include "agent/config/codes.h"

namespace fanfare {
namespace {

bool is_refusal(int error) { return error == EPERM || error == EACCES; }

bool lacks_capability(const HostFacts& host) {
  return !std::ranges::all_of(host.capabilities, &Capability::effective);
}

std::string security_modules(const HostFacts& host) {
  return host.security_modules.empty() ? "which ones run is not shown here"
                                       : "those that run are " + host.security_modules;
}

std::string unseccomp(const HostFacts& host) {
  return by_launcher(host,
                     "start it from a shell without a seccomp filter (grep Seccomp "
                     "/proc/self/status says 0 there)",
                     "docker run --security-opt seccomp=unconfined",
                     "set securityContext: {seccompProfile: {type: Unconfined}} for the agent's "
                     "container",
                     "add bpf and perf_event_open to SystemCallFilter= of the unit");
}

std::string find_in_audit() { return "journalctl -k --grep 'denied.*bpf'"; }

// Why the programs were not tried, or nothing.
std::string not_tried(const DoctorFacts& facts) {
  for (const auto& [code, capability] :
       {std::pair{code::cap_bpf, 0}, {code::cap_perfmon, 1}, {code::cap_net_admin, 2}}) {
    const Capability& needed = facts.host.capabilities.at(static_cast<std::size_t>(capability));
    if (!needed.effective) return fmt::format("needs {} ({})", needed.name, code);
  }
  if (facts.trial.bpf_call.failed) return fmt::format("needs bpf(2) ({})", code::bpf_call);
  if (facts.trial.map.failed) return fmt::format("needs a map ({})", code::map);
  if (!facts.trial.missing.empty())
    return fmt::format("this kernel is too old ({})", code::kernel_version);
  if (!facts.cgroup) return fmt::format("needs a cgroup to attach to ({})", facts.cgroup_code);
  return {};
}

Check refused(std::string_view code, const DoctorFacts& facts, const Attempt& attempt) {
  if (!facts.host.initial_user_namespace)
    return skipped(code, fmt::format("cannot work in a user namespace ({})", code::user_namespace));
  if (facts.host.lockdown == "confidentiality")
    return miss(code, attempt.said + ": lockdown (FF-105) forbids it",
                "boot with lockdown=integrity on the kernel's command line");
  if (facts.host.seccomp_filter)
    return miss(code, attempt.said + ": a seccomp filter is on and may refuse a part of bpf(2)",
                unseccomp(facts.host));
  return miss(code,
              fmt::format("{}: every capability is there and no seccomp filter is on, so a "
                          "security module refuses it; {}",
                          attempt.said, security_modules(facts.host)),
              find_in_audit());
}

// EACCES and EPERM are its ordinary words too; that it gave a reason tells it from all others.
// Under lockdown it is the one that speaks.
Check refused_by_verifier(const DoctorFacts& facts) {
  const VerifierWords& verifier = facts.trial.verifier;
  const std::string cause =
      fmt::format("the kernel's verifier refuses {}: {}", verifier.program, verifier.last);
  if (facts.host.lockdown == "confidentiality")
    return miss(code::load, cause + " (lockdown, FF-105, forbids to read kernel memory)",
                "boot with lockdown=integrity on the kernel's command line");
  return miss(code::load, cause,
              "boot another kernel of version 6.1 or newer, and report this one with the file that "
              "fanfare doctor --bundle FILE writes");
}

}  // namespace

Check ok(std::string_view code, std::string seen) {
  return {.code = find_doctor_code(code), .result = Result::ok, .seen = std::move(seen)};
}

Check skipped(std::string_view code, std::string why) {
  return {.code = find_doctor_code(code), .result = Result::skipped, .seen = std::move(why)};
}

Check miss(std::string_view code, std::string cause, std::string remedy) {
  const DoctorCode* known = find_doctor_code(code);
  if (remedy.empty()) remedy = known->remedy;
  return {.code = known,
          .result = Result::miss,
          .cause = std::move(cause),
          .remedy = std::move(remedy),
          .consequence = std::string(known->consequence)};
}

Check warning(std::string_view code, std::string cause, std::string consequence,
              std::string remedy) {
  Check check = miss(code, std::move(cause), std::move(remedy));
  check.result = Result::warning;
  check.consequence = std::move(consequence);
  return check;
}

std::string by_launcher(const HostFacts& host, const std::string& shell,
                        const std::string& container, const std::string& kubernetes,
                        const std::string& systemd) {
  switch (host.launcher) {
    case Launcher::container:
      return container;
    case Launcher::kubernetes:
      return kubernetes;
    case Launcher::systemd:
      return systemd.empty() ? shell : systemd;
    case Launcher::shell:
      break;
  }
  return shell;
}

Check check_bpf_call(const DoctorFacts& facts) {
  const Attempt& call = facts.trial.bpf_call;
  const HostFacts& host = facts.host;
  if (call.worked()) return ok(code::bpf_call, "gets through to the kernel");
  if (facts.trial.bpf_signal == SIGSYS)
    return miss(code::bpf_call, "a seccomp filter kills the process for it (SIGSYS)",
                unseccomp(host));
  if (facts.trial.bpf_signal != 0)
    return miss(code::bpf_call, fmt::format("the call ended in signal {}", facts.trial.bpf_signal));
  const std::string said = std::strerror(call.error);
  if (host.seccomp_filter && (is_refusal(call.error) || call.error == ENOSYS)) {
    if (call.error == EPERM && lacks_capability(host))
      return skipped(code::bpf_call,
                     "cannot be told from a missing capability; a seccomp filter is on");
    return miss(
        code::bpf_call,
        fmt::format("a seccomp filter refuses it ({}), though the capabilities are there", said),
        unseccomp(host));
  }
  if (call.error == ENOSYS)
    return miss(code::bpf_call, "this kernel is built without CONFIG_BPF_SYSCALL",
                "boot a kernel built with CONFIG_BPF_SYSCALL=y");
  if (is_refusal(call.error) && lacks_capability(host))
    return skipped(code::bpf_call, fmt::format("refused for want of a capability{}",
                                               host.unprivileged_bpf_disabled.value_or(0) != 0
                                                   ? " (kernel.unprivileged_bpf_disabled is set)"
                                                   : ""));
  return miss(code::bpf_call,
              fmt::format("{}, without a seccomp filter: a security module refuses it; {}", said,
                          security_modules(host)),
              find_in_audit());
}

Check check_map(const DoctorFacts& facts) {
  const Attempt& map = facts.trial.map;
  if (map.worked()) return ok(code::map, "made, written and read");
  const std::string cause = map.said + ": " + std::strerror(map.error);
  if (!map.tried)
    return skipped(code::map, facts.trial.bpf_call.failed
                                  ? fmt::format("needs bpf(2) ({})", code::bpf_call)
                                  : not_tried(facts));
  if (map.error == ENOMEM) return miss(code::map, cause);
  if (lacks_capability(facts.host)) return skipped(code::map, not_tried(facts));
  return refused(code::map, facts, {.tried = true, .error = map.error, .said = cause});
}

Check check_load(const DoctorFacts& facts) {
  const Attempt& load = facts.trial.load;
  if (load.worked()) return ok(code::load, "the verifier takes them");
  if (!load.tried) return skipped(code::load, not_tried(facts));
  if (!facts.trial.btf.worked())
    return skipped(code::load, fmt::format("cannot work without type information ({})", code::btf));
  if (facts.trial.verifier.spoke()) return refused_by_verifier(facts);
  if (is_refusal(load.error)) return refused(code::load, facts, load);
  return miss(code::load, load.said,
              load.error == ENOMEM ? "raise the memory limit of the container or unit" : "");
}

Check check_attach(const DoctorFacts& facts) {
  const Attempt& attach = facts.trial.attach;
  if (attach.worked())
    return ok(code::attach, facts.trial.own_cgroup
                                ? "in a cgroup of doctor's own, and to the socket states"
                                : "to the cgroup at hand (none of doctor's own could be made), "
                                  "and to the socket states");
  if (!attach.tried)
    return skipped(code::attach, facts.trial.load.tried
                                     ? fmt::format("needs loaded programs ({})", code::load)
                                     : not_tried(facts));
  if (attach.error == EPERM && facts.host.initial_user_namespace)
    return miss(code::attach,
                attach.said +
                    ": another program holds this hook of the cgroup or of one above it "
                    "for itself, or a security module refuses it; " +
                    security_modules(facts.host));
  return miss(code::attach, attach.said);
}

Check check_packet(const DoctorFacts& facts) {
  const Attempt& packet = facts.trial.packet;
  if (packet.worked()) return ok(code::packet, "3 messages sent, 3 counted");
  if (!packet.tried)
    return skipped(code::packet, fmt::format("needs attached programs ({})", code::attach));
  return miss(code::packet, packet.said);
}

Check check_scope(const DoctorFacts& facts) {
  const auto& scope = facts.trial.scope;
  if (!scope) return skipped(code::scope, fmt::format("needs a counted packet ({})", code::packet));
  switch (scope->result) {
    case ScopeResult::proven:
      return ok(code::scope, scope->text);
    case ScopeResult::netns_only:
      // Programs attached there see the sockets of every cgroup, by construction.
      if (facts.cgroup && !facts.cgroup->subtree)
        return ok(code::scope,
                  scope->text + "; " + facts.cgroup->path + " is the root of the whole tree");
      return warning(code::scope, scope->text,
                     "none known: sockets of other cgroups are counted as those of this one",
                     "fanfare selftest");
    case ScopeResult::refuted:
      return miss(code::scope, scope->text, "fanfare agent --cgroup /sys/fs/cgroup");
    case ScopeResult::unproven:
      break;
  }
  return warning(
      code::scope, scope->text,
      "none known: the agent counts, and cannot test that it sees other network namespaces",
      by_launcher(facts.host,
                  facts.host.user == 0
                      ? "sysctl -w user.max_net_namespaces=1000 user.max_user_namespaces=1000"
                      : "sudo fanfare doctor",
                  "docker run --cap-add SYS_ADMIN",
                  "add SYS_ADMIN to securityContext.capabilities.add",
                  "add CAP_SYS_ADMIN to CapabilityBoundingSet= and AmbientCapabilities="));
}

Check check_owners(const DoctorFacts& facts) {
  const Trial& trial = facts.trial;
  const std::string remedy =
      by_launcher(facts.host, "start it outside of unshare --pid", "docker run --pid=host",
                  "set hostPID: true for the pod", "remove PrivatePIDs= from the unit");
  if (!facts.host.initial_pid_namespace)
    return miss(code::owners,
                "this is a pid namespace of its own: processes outside of it are not shown",
                remedy);
  if (!trial.owners.tried)
    return skipped(code::owners, fmt::format("needs attached programs ({})", code::attach));
  if (!trial.owners.worked()) return miss(code::owners, trial.owners.said, remedy);
  if (trial.owner_pid != trial.own_pid)
    return miss(code::owners,
                fmt::format("the kernel calls this process {}, and here it is {}: the pid "
                            "namespace is not the host's",
                            trial.owner_pid, trial.own_pid),
                remedy);
  return ok(code::owners, fmt::format("found; {} ports are listened on in this network namespace",
                                      trial.listeners.size()));
}

}  // namespace fanfare
