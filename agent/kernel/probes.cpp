// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/probes.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>

#include "agent/config/start_error.h"
#include "agent/kernel/client_rules.h"
#include "agent/kernel/fd.h"
#include "agent/kernel/features.h"
#include "agent/kernel/memory_need.h"
#include "agent/kernel/permissions.h"
#include "agent/kernel/publish_set.h"

namespace fanfare {
namespace {

// libbpf's warnings of this start, kept for the message of a failure instead of printed.
std::string& libbpf_log() {
  static std::string log;
  return log;
}

int keep_warning(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  // The verifier's log is one such line, of megabytes; what matters stands at its end.
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return length;
  std::string line(static_cast<std::size_t>(length) + 1, '\0');
  std::vsnprintf(line.data(), line.size(), format, arguments);
  line.pop_back();
  auto& log = libbpf_log();
  log += line;
  if (log.size() > 65536) log.erase(0, log.size() - 65536);
  return length;
}

// libbpf's last words, where the verifier has none.
std::string last_lines(const std::string& log) {
  constexpr std::size_t enough = 600;
  return log.size() <= enough ? log : "..." + log.substr(log.size() - enough);
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void check_preconditions() {
  if (const auto missing = missing_capabilities(); !missing.empty())
    throw StartError("no permission to load kernel programs: " + joined(missing) + " missing",
                     "run as root, or grant CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN", exit_kernel,
                     missing.front() == "CAP_BPF"       ? code::cap_bpf
                     : missing.front() == "CAP_PERFMON" ? code::cap_perfmon
                                                        : code::cap_net_admin);
  if (!std::filesystem::exists("/sys/kernel/btf/vmlinux"))
    throw StartError("this kernel shows no type information: /sys/kernel/btf/vmlinux is missing",
                     "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (every major distribution's "
                     "since 2021 is)",
                     exit_kernel, code::btf);
  if (const auto missing = missing_features(); !missing.empty())
    throw StartError(too_old(kernel_release(), missing), "boot a kernel of version 6.1 or newer",
                     exit_kernel, code::kernel_version);
}

using Step = KernelRefusal::Step;

[[noreturn]] void refuse(Step step, const std::string& what, int error) {
  const std::string cause = std::strerror(error);
  const VerifierWords words = step == Step::load ? verifier_words(libbpf_log()) : VerifierWords{};
  if (words.spoke())
    throw KernelRefusal(
        step, error,
        "the kernel's verifier refused the program " + words.program + ":\n" + words.last,
        "fanfare doctor tells whether this kernel is one that it is made for", words);
  std::string remedy = "see what the kernel said above";
  if (error == EPERM || error == EACCES)
    remedy =
        "a seccomp profile, kernel lockdown or a security module forbids bpf(): allow the bpf and "
        "perf_event_open system calls for this process; fanfare doctor tells which it is";
  if (error == ENOMEM) remedy = "lower limits.sockets, or raise the memory limit of the agent";
  throw KernelRefusal(step, error, what + ": " + cause + "\n" + last_lines(libbpf_log()), remedy);
}

bool replicates(const Knobs& knobs) {
  return std::any_of(knobs.shards.begin(), knobs.shards.end(),
                     [](const ShardKnobs& shard) { return !shard.replication_ports.empty(); });
}

// Where `place` says so a program goes on as `program`.
void chain(const bpf_map* place, const bpf_program* program) {
  const std::uint32_t index = 0;
  const int fd = bpf_program__fd(program);
  if (const int error = bpf_map_update_elem(bpf_map__fd(place), &index, &fd, BPF_ANY))
    refuse(Step::load, "the kernel refused to chain the programs", -error);
}

// Sockets that have no record have a mark in the index all the same, and most sockets of a host are
// such: there is room for some whatever the limit is.
constexpr std::uint32_t marks_at_least = 16384;

// Records beside limits.sockets that only sockets between nodes get: a node has some with each
// other.
constexpr std::uint32_t records_for_peers = 256;

// Four slots a record: the more there are, the fewer sockets find theirs taken. A slot is 8 bytes,
// a record 832.
void set_room(fanfare_bpf& skeleton, const Knobs& knobs) {
  const std::uint32_t peers = replicates(knobs) ? records_for_peers : 0;
  const std::uint32_t records = knobs.sockets + peers;
  const std::uint32_t marks = std::max(knobs.sockets, marks_at_least);
  const std::uint32_t slots = 4 * std::bit_ceil(marks);
  bpf_map__set_max_entries(skeleton.maps.flows, records);
  bpf_map__set_max_entries(skeleton.maps.free_flows, records);
  bpf_map__set_max_entries(skeleton.maps.left_flows, records);
  bpf_map__set_max_entries(skeleton.maps.flows_elsewhere, marks + records);
  bpf_map__set_max_entries(skeleton.maps.dark_sockets, marks);
  bpf_map__set_max_entries(skeleton.maps.flow_index, slots);
  skeleton.rodata->flows_max = knobs.sockets;
  skeleton.rodata->peers_max = peers;
  skeleton.rodata->flow_index_mask = slots - 1;
  skeleton.rodata->marks_in_hash_max = marks;
}

// id of the cgroup that the link is attached to; 0 once it is detached or its cgroup is gone.
std::uint64_t cgroup_of(const bpf_link* link) {
  bpf_link_info info{};
  std::uint32_t size = sizeof info;
  if (!link || bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &size) != 0) return 0;
  return info.cgroup.cgroup_id;
}

using PortTable = std::map<std::size_t, std::uint8_t>;

// The programs read the table meanwhile: only what differs is written.
void set_table(std::span<std::uint8_t> held, const PortTable& words) {
  for (std::size_t port = 0; port < held.size(); ++port) {
    const auto word = words.find(port);
    const std::uint8_t wanted = word == words.end() ? 0 : word->second;
    if (held[port] != wanted) held[port] = wanted;
  }
}

}  // namespace

void set_sizes(fanfare_bpf& skeleton, const Knobs& knobs) {
  set_room(skeleton, knobs);
  set_client_rules(skeleton, knobs);
}

Probes::Probes(const CgroupTarget& cgroup, const Knobs& knobs)
    : skeleton_([] {
        check_preconditions();
        libbpf_log().clear();
        libbpf_set_print(keep_warning);
        return Skeleton<fanfare_bpf>();
      }()) {
  load(knobs, cgroup);
  set_shards(knobs.shards);
  attach(cgroup);
}

void Probes::load(const Knobs& knobs, const CgroupTarget& cgroup) {
  skeleton_->rodata->frame_budget = knobs.frame_budget;
  skeleton_->rodata->rpc_budget = knobs.rpc_budget;
  skeleton_->rodata->held_max_ns = static_cast<std::uint64_t>(knobs.held_at_most.count());
#if defined(__x86_64__)
  skeleton_->rodata->stores_in_order = 1;
#endif
  skeleton_->rodata->kernel_casts = has_kernel_function("bpf_cast_to_kern_ctx");
  skeleton_->rodata->replication_enabled = replicates(knobs);
  skeleton_->rodata->client_protocols_enabled = !client_protocols(knobs.shards).empty();
  const auto publishing = places_that_publish(knobs.shards);
  for (std::size_t i = 0; i < publishing.size(); ++i)
    skeleton_->rodata->publish_sets[i] = publish_set(knobs.shards[publishing[i]].publishes);
  set_sizes(*skeleton_.get(), knobs);
  const MemoryNeed need{knobs.sockets, map_bytes(skeleton_->obj)};
  if (const auto limit = memory_limit())
    if (const auto cause = too_little_memory(need, limit); !cause.empty())
      throw StartError(cause, memory_remedy(need, *limit), exit_kernel, code::memory);
  skeleton_->bss->scope_cgroup = cgroup.subtree ? cgroup.id : 0;
  if (const int error = fanfare_bpf::load(skeleton_.get()))
    refuse(Step::load, "the kernel refused the programs", -error);
  const auto& maps = skeleton_->maps;
  const auto& programs = skeleton_->progs;
  chain(maps.drain_program, programs.on_drain);
  chain(maps.fast_open_program, programs.on_fast_open);
}

void Probes::set_shards(const std::vector<ShardKnobs>& shards) {
  PortTable replication, clients, sets;
  for (const auto& shard : shards)
    for (const auto port : shard.replication_ports) replication[port] = FANFARE_HASHICORP_RAFT;
  for (const auto& [port, word] : client_protocols(shards)) clients[port] = word;
  // The filter of all that comes in; the programs set bits of it too.
  for (const auto* table : {&replication, &clients})
    for (const auto& [port, word] : *table)
      __atomic_fetch_or(&skeleton_->bss->served_ports[port / 64], 1ULL << port % 64,
                        __ATOMIC_RELAXED);
  set_table(skeleton_->bss->replication_ports, replication);
  std::uint8_t set = 0;
  for (const auto place : places_that_publish(shards)) {
    for (const auto port : shards[place].protocol_ports) sets[port] = set;
    ++set;
  }
  set_table(skeleton_->bss->publish_set_of_port, sets);
  set_table(skeleton_->bss->client_protocol_of_port, clients);
}

void Probes::attach(const CgroupTarget& cgroup) {
  const auto held = [](bpf_link* link, const char* what) {
    if (!link) refuse(Step::attach, std::string("attaching ") + what, errno);
    return Link(link);
  };
  const Fd directory(::open(cgroup.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) refuse(Step::attach, "opening " + cgroup.path, errno);
  // Births first: a socket accepted from here on has a record before its first byte leaves.
  const auto& programs = skeleton_->progs;
  state_ = held(bpf_program__attach(programs.on_set_state), "to inet_sock_set_state");
  state_again_ = held(bpf_program__attach(programs.on_set_state_again), "to inet_sock_set_state");
  egress_ = held(bpf_program__attach_cgroup(programs.on_egress, directory.get()),
                 "to the cgroup's egress");
  ingress_ = held(bpf_program__attach_cgroup(programs.on_ingress, directory.get()),
                  "to the cgroup's ingress");
  owners_ = held(bpf_program__attach_iter(programs.on_task_file, nullptr),
                 "the iterator over open files");
}

Attachment Probes::attachment(const std::string& cgroup_path) const {
  Attachment found{.cgroup = cgroup_id(cgroup_path)};
  found.egress = found.cgroup != 0 && cgroup_of(egress_.get()) == found.cgroup;
  found.ingress = found.cgroup != 0 && cgroup_of(ingress_.get()) == found.cgroup;
  return found;
}

int Probes::attach_again(const CgroupTarget& cgroup, bool both) {
  const Fd directory(::open(cgroup.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno;
  const auto state = attachment(cgroup.path);
  __atomic_store_n(&skeleton_->bss->scope_cgroup, cgroup.subtree ? cgroup.id : 0, __ATOMIC_RELEASE);
  const auto again = [&](Link& link, const bpf_program* program, bool attached) {
    if (attached && !both) return 0;
    Link fresh(bpf_program__attach_cgroup(program, directory.get()));
    if (!fresh) return errno ? errno : EINVAL;
    link = std::move(fresh);  // the old one goes second: a segment that both see counts once
    return 0;
  };
  if (const int error = again(egress_, skeleton_->progs.on_egress, state.egress)) return error;
  return again(ingress_, skeleton_->progs.on_ingress, state.ingress);
}

}  // namespace fanfare
