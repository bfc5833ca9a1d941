// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/owner_scan.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "agent/kernel/cgroup_tree.h"
#include "agent/kernel/fd.h"
#include "agent/kernel/host_addresses.h"
#include "agent/kernel/host_facts.h"
#include "agent/kernel/process_facts.h"
#include "bpf/tcp_states.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr int ration = 100;       // one part of the time in a hundred
constexpr auto longest_age = 5s;  // unsent bytes and who is stuck are as old as the scan
constexpr auto shortest_pause = 1s;

Owner to_owner(const fanfare_owner& raw) {
  return {.pid = raw.pid,
          .fd = raw.fd,
          .comm = std::string(raw.comm, ::strnlen(raw.comm, sizeof raw.comm)),
          .exe = {},
          .v1_path = {},
          .srtt_us = raw.srtt_us,
          .unsent_bytes = raw.unsent_bytes,
          .cgroup_id = raw.cgroup_id,
          .program = {},
          .certain = raw.pid != 1};
}

template <typename Map, typename Key>
void keep_youngest(Map& owners, const Key& key, const fanfare_owner& raw) {
  auto& held = owners[key];
  if (held.pid <= raw.pid) held = to_owner(raw);
}

Owners parse_owners(const std::string& records) {
  Owners owners;
  fanfare_owner raw{};
  for (std::size_t at = 0; at + sizeof raw <= records.size(); at += sizeof raw) {
    std::memcpy(&raw, records.data() + at, sizeof raw);
    if (raw.tcp_state == FANFARE_TCP_LISTEN)
      keep_youngest(owners.listeners, ListenerKey{raw.netns, raw.local_port}, raw);
    else
      keep_youngest(owners.by_cookie, raw.cookie, raw);
  }
  for (auto& [key, owner] : owners.listeners) {
    owner.exe = executable_of(owner.pid);
    owner.v1_path = v1_path_of(owner.pid);
  }
  return owners;
}

Monotonic clock_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

OwnerScan::OwnerScan(bpf_link* iterator, std::string cgroup_root)
    : iterator_(iterator),
      cgroup_root_(std::move(cgroup_root)),
      all_processes_(in_initial_pid_namespace()) {}

std::string OwnerScan::run_iterator() const {
  const Fd fd(bpf_iter_create(bpf_link__fd(iterator_)));
  if (!fd) throw std::system_error(errno, std::generic_category(), "iterating over open files");
  std::string records;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0)
      throw std::system_error(errno, std::generic_category(), "iterating over open files");
    if (got == 0) return records;
    records.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::shared_ptr<const Owners> OwnerScan::scan(Monotonic now) {
  const auto began = clock_now();
  auto owners = std::make_shared<Owners>(parse_owners(run_iterator()));
  owners->cgroup_paths = list_cgroups(cgroup_root_);
  owners->addresses = host_addresses();
  owners->all_processes = all_processes_;
  owners->scanned = now;
  last_ = owners;
  not_before_ = now + std::max<Monotonic>(shortest_pause, ration * (clock_now() - began));
  return last_;
}

std::shared_ptr<const Owners> OwnerScan::refresh(Monotonic now, bool something_unknown) {
  const bool wanted = something_unknown || now - last_->scanned >= longest_age;
  return wanted && now >= not_before_ ? scan(now) : last_;
}

}  // namespace fanfare
