// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/listener_book.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "agent/kernel/cgroup_tree.h"
#include "agent/kernel/host_facts.h"
#include "agent/kernel/process_facts.h"
#include "agent/kernel/program_name.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

// What it accepted may be closing still, and is named by it.
constexpr auto kept_when_closed = 60s;
constexpr std::size_t most_noted = std::size_t{2} * FANFARE_LISTENERS_MAX;

using Entries = std::vector<std::pair<std::uint64_t, fanfare_listener>>;

Entries read_map(int fd) {
  constexpr std::uint32_t step = 512;
  Entries entries;
  std::vector<std::uint64_t> keys(step);
  std::vector<fanfare_listener> values(step);
  std::uint64_t token = 0;
  for (bool first = true;; first = false) {
    std::uint32_t count = step;
    const int error = bpf_map_lookup_batch(fd, first ? nullptr : &token, &token, keys.data(),
                                           values.data(), &count, nullptr);
    if (error != 0 && errno != ENOENT)
      throw std::system_error(errno, std::generic_category(), "reading who listens");
    for (std::uint32_t i = 0; i < count; ++i) entries.emplace_back(keys[i], values[i]);
    if (error != 0) return entries;
  }
}

// The last argument may be cut.
std::vector<std::string> noted_arguments(const fanfare_listener& raw) {
  auto arguments = arguments_of({raw.arguments, raw.argument_bytes});
  if (raw.argument_bytes == FANFARE_ARGUMENTS_BYTES && arguments.size() > 1) arguments.pop_back();
  return arguments;
}

// Of a process that is gone: what it was called by.
std::string executable_by(const std::vector<std::string>& arguments) {
  if (arguments.empty() || !arguments.front().starts_with('/')) return {};
  std::error_code error;
  const auto path = std::filesystem::canonical(arguments.front(), error);
  return error ? arguments.front() : path.string();
}

Owner owner_of(const fanfare_listener& raw, bool all_processes) {
  Owner owner{.pid = raw.pid,
              .fd = 0,
              .comm = std::string(raw.comm, ::strnlen(raw.comm, sizeof raw.comm)),
              .exe = {}};
  owner.cgroup_id = raw.cgroup_id;
  owner.certain = raw.pid != 1;
  auto arguments = noted_arguments(raw);
  if (all_processes) {
    owner.exe = executable_of(raw.pid);
    owner.v1_path = v1_path_of(raw.pid);
    if (raw.argument_bytes == 0 || raw.argument_bytes == FANFARE_ARGUMENTS_BYTES)
      if (auto whole = command_line_of(raw.pid); !whole.empty()) arguments = std::move(whole);
    if (owner.exe.empty()) owner.exe = executable_by(arguments);
  }
  owner.program = program_of(owner.exe, arguments, all_processes ? raw.parent_pid : 0);
  return owner;
}

}  // namespace

ListenerBook::ListenerBook(const Probes& probes, std::string cgroup_root)
    : probes_(probes),
      cgroup_root_(std::move(cgroup_root)),
      all_processes_(in_initial_pid_namespace()) {}

bool ListenerBook::has_missed() {
  const auto unkept = __atomic_load_n(&probes_->bss->listeners_unkept, __ATOMIC_ACQUIRE);
  return std::exchange(unkept_, unkept) != unkept;
}

// True where it is news.
bool ListenerBook::take(std::uint64_t cookie, const fanfare_listener& raw) {
  auto& noted = noted_[cookie];
  const Monotonic born(raw.born_ns), closed(raw.closed_ns);
  if (noted.born == born && noted.closed == closed) return false;
  if (noted.born != born) {
    noted = {.key = {raw.netns, raw.port}, .owner = owner_of(raw, all_processes_), .born = born};
    path_of(raw.cgroup_id);
  }
  noted.closed = closed;
  return true;
}

void ListenerBook::forget_closed(Monotonic now) {
  const bool too_many = noted_.size() > most_noted;
  std::erase_if(noted_, [&](const auto& entry) {
    const auto closed = entry.second.closed;
    return closed.count() > 0 && (too_many || now - closed >= kept_when_closed);
  });
}

// Counters first: what is born meanwhile is read at the next tick.
bool ListenerBook::read(Monotonic now) {
  const auto seen = __atomic_load_n(&probes_->bss->listeners_seen, __ATOMIC_ACQUIRE);
  const auto ended = __atomic_load_n(&probes_->bss->listeners_ended, __ATOMIC_ACQUIRE);
  forget_closed(now);
  if (seen == seen_ && ended == ended_ && !incomplete_) return false;
  seen_ = seen;
  ended_ = ended;
  incomplete_ = false;
  const int fd = bpf_map__fd(probes_->maps.listeners);
  const auto entries = read_map(fd);
  entries_ = entries.size();
  bool news = false;
  for (const auto& [cookie, raw] : entries) {
    incomplete_ = incomplete_ || raw.born_ns == 0;
    if (raw.born_ns == 0) continue;
    news = take(cookie, raw) || news;
    if (raw.closed_ns != 0 && bpf_map_delete_elem(fd, &cookie) == 0) --entries_;
  }
  return news;
}

// A cgroup that was made after the scan: one walk over the tree for all that are.
const std::string& ListenerBook::path_of(std::uint64_t cgroup_id) {
  const bool known =
      paths_.contains(cgroup_id) || (scanned_ && scanned_->cgroup_paths.contains(cgroup_id));
  if (!known) paths_ = list_cgroups(cgroup_root_);
  return paths_[cgroup_id];
}

// Of several that listen on one port (SO_REUSEPORT) the youngest speaks for all.
void ListenerBook::refine(Owners& owners) {
  std::map<ListenerKey, const Noted*> living, gone;
  for (const auto& [cookie, noted] : noted_) {
    auto& best = (noted.closed.count() == 0 ? living : gone)[noted.key];
    if (!best || best->born < noted.born) best = &noted;
  }
  for (const auto& [key, noted] : gone) {
    const auto found = owners.listeners.find(key);
    if (!living.contains(key) && found != owners.listeners.end() && noted->closed >= owners.scanned)
      owners.listeners.erase(found);
    owners.ended.emplace(key, noted->owner);
  }
  for (const auto& [key, noted] : living) {
    const auto [entry, is_new] = owners.listeners.try_emplace(key, noted->owner);
    if (is_new) continue;
    auto& owner = entry->second;
    if (noted->born > owners.scanned)
      owner = noted->owner;
    else if (owner.exe == noted->owner.exe || owner.exe.empty())
      owner.program = noted->owner.program;
  }
}

// Once for each listener: a process may overwrite its arguments later, and its server stays one.
void ListenerBook::name_scanned(Owners& owners) {
  std::erase_if(programs_,
                [&](const auto& entry) { return !owners.listeners.contains(entry.first); });
  for (auto& [key, owner] : owners.listeners) {
    if (!owner.program.empty() || !all_processes_) continue;
    auto& program = programs_[key];
    if (program.name.empty() || program.exe != owner.exe)
      program = {owner.exe,
                 program_of(owner.exe, command_line_of(owner.pid), parent_of(owner.pid))};
    owner.program = program.name;
  }
}

std::shared_ptr<const Owners> ListenerBook::complete(const std::shared_ptr<const Owners>& scanned,
                                                     Monotonic now) {
  const bool rescanned = std::exchange(scanned_, scanned) != scanned;
  if (!read(now) && !rescanned && complete_) return complete_;
  auto owners = std::make_shared<Owners>(*scanned);
  owners->same_scan = !rescanned;
  refine(*owners);
  name_scanned(*owners);
  if (rescanned)
    std::erase_if(paths_,
                  [&](const auto& path) { return scanned->cgroup_paths.contains(path.first); });
  for (const auto& [id, path] : paths_)
    if (!path.empty()) owners->cgroup_paths.emplace(id, path);
  complete_ = owners;
  return complete_;
}

}  // namespace fanfare
