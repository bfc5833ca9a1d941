// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/doctor_codes.h"

#include <algorithm>
#include <array>

#include "agent/config/codes.h"

namespace fanfare {
namespace {

constexpr std::array<DoctorCode, 24> codes{{
    {code::kernel_version, "kernel version",
     "fanfare is made for Linux 6.1 and newer: a test boots such kernels. What the programs need "
     "is asked for by trying it, so an older kernel with backports may do; then only a warning is "
     "left.",
     "the agent does not start", "boot a kernel of version 6.1 or newer", true},
    {code::btf, "type information (BTF)",
     "The programs read kernel structures whose layout stands in /sys/kernel/btf/vmlinux; it is "
     "read and looked into.",
     "the programs cannot be fitted to this kernel, and the agent does not start",
     "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (every major distribution's since 2021 is)",
     true},
    {code::cgroup_tree, "cgroup v2 tree",
     "Sockets are counted at a directory of the cgroup v2 tree, so it must be mounted. Beside a v1 "
     "tree (hybrid) is enough.",
     "there is nothing to attach to, and the agent does not start",
     "mount -t cgroup2 none /sys/fs/cgroup", true},
    {code::cgroup_root, "root of the cgroup tree",
     "Only the host's root (inode 1) holds every socket of the host. In a private cgroup namespace "
     "an agent sees only itself and looks healthy, so it refuses to start there.",
     "the agent does not start with cgroup: auto",
     "start the container in the host's cgroup namespace (docker run --cgroupns=host)", true},
    {code::lockdown, "kernel lockdown",
     "Lockdown in the mode \"confidentiality\" keeps programs from reading kernel memory; "
     "\"integrity\" and \"none\" do no harm.",
     "the programs may not load", "boot with lockdown=integrity on the kernel's command line",
     true},
    {code::cap_bpf, "CAP_BPF", "Needed to load programs and to make maps.",
     "no program can be loaded, and the agent does not start", "sudo fanfare doctor", true},
    {code::cap_perfmon, "CAP_PERFMON",
     "Needed by programs that read kernel structures: the life of sockets, and who holds them.",
     "the agent does not start", "sudo fanfare doctor", true},
    {code::cap_net_admin, "CAP_NET_ADMIN", "Needed to attach programs to the sockets of a cgroup.",
     "the agent does not start", "sudo fanfare doctor", true},
    {code::user_namespace, "initial user namespace",
     "Capabilities inside a user namespace (rootless containers, hostUsers: false) are none for "
     "bpf(2): the kernel asks for those of the initial user namespace.",
     "no program can be loaded, and the agent does not start",
     "run as root of the host (docker run --userns=host)", true},
    {code::bpf_call, "bpf(2) system call",
     "The call is made. A seccomp profile or a security module can refuse it though every "
     "capability is there; container runtimes of before August 2022 do by default.",
     "no program can be loaded, and the agent does not start",
     "docker run --security-opt seccomp=unconfined", true},
    {code::memlock, "locked memory",
     "Kernels before 5.11 charge maps to RLIMIT_MEMLOCK; newer ones to the memory cgroup.",
     "maps cannot be made, and the agent does not start", "ulimit -l unlimited", true},
    {code::cap_sys_ptrace, "CAP_SYS_PTRACE",
     "Needed by match.exe alone: only with it may the executable of another user's process be "
     "read.",
     "shards with match.exe find no server of another user", "sudo fanfare doctor", false},
    {code::memory, "memory limit",
     "Maps are made in full at the start and are charged to the agent's cgroup, and the agent "
     "takes "
     "some more for each open socket. What that comes to by limits.sockets is held against the "
     "memory limit.",
     "the kernel would kill the agent without a word, so it does not start",
     "raise the memory limit of the container or unit, or lower limits.sockets", true},
    {code::map, "a map", "A small hash map is made, written and read.",
     "nothing can be counted, and the agent does not start",
     "raise the memory limit of the container or unit", true},
    {code::load, "programs are loaded",
     "The agent's own programs are given to the kernel's verifier, with small maps.",
     "the agent does not start", "fanfare doctor --bundle fanfare.tar.gz", true},
    {code::attach, "programs are attached",
     "They are attached in a cgroup of doctor's own, and to the tracepoint of socket states.",
     "the agent does not start", "bpftool cgroup tree", true},
    {code::packet, "a packet is counted",
     "Three WebSocket messages are sent over the loopback in a cgroup of doctor's own, and three "
     "must be counted.",
     "the agent would run and count wrong", "fanfare doctor --bundle fanfare.tar.gz", true},
    {code::scope, "scope",
     "A socket in a network namespace and cgroup of its own must be counted too: that is what the "
     "servers in other containers are.",
     "/readyz stays at 503, and what stands in other containers may not be counted",
     "give the agent CAP_SYS_ADMIN for this test", false},
    {code::owners, "owners of sockets",
     "Who holds a socket is found by walking over the open files of every process that the pid "
     "namespace shows: it must be the host's.",
     "shards have no process name, sockets no pid, those older than the agent are not adopted, and "
     "that an expected shard is absent goes unsaid",
     "start the container in the host's pid namespace (docker run --pid=host)", false},
    {code::config, "configuration", "The file is read as the agent would read it.",
     "the agent does not start, or keeps its old configuration at a reload",
     "fanfare config check FILE", true},
    {code::listen, "listen address", "The address for metrics and probes is bound for a moment.",
     "the agent does not start", "fanfare agent --listen 127.0.0.1:9478", true},
    {code::admin, "admin socket",
     "A socket is made for a moment in the directory of the admin socket.",
     "the agent does not start", "fanfare agent --admin /tmp/fanfare/admin.sock", true},
    {code::agent, "running agent",
     "An agent that answers at the admin socket is asked whether it is ready.",
     "what it does not see is not counted and cannot alert", "fanfare status", false},
    {code::pods, "names of pods",
     "The API server is asked for the pods of this node, once as a list and once as a watch, with "
     "the service account that the agent will have.",
     "sockets have no pod, and shards with match.pod_labels have no sockets",
     "kubectl auth can-i watch pods --as=system:serviceaccount:NAMESPACE:NAME", false},
}};

}  // namespace

std::span<const DoctorCode> doctor_codes() { return codes; }

const DoctorCode* find_doctor_code(std::string_view wanted) {
  const auto* found = std::ranges::find(codes, wanted, &DoctorCode::code);
  return found == codes.end() ? nullptr : found;
}

}  // namespace fanfare
