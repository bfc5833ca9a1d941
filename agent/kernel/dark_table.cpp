// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/dark_table.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/kernel/unheld.h"

namespace fanfare {
namespace {

constexpr std::uint32_t rows_at_once = 4096;  // more than share a bucket

bool is_forgotten(const DarkSocket& dark, const Snapshot& snapshot) {
  const Monotonic last(dark.socket.last_ns);
  return dark.socket.reason != FANFARE_DARK_MPTCP && snapshot.owners->all_processes &&
         snapshot.taken - last >= forgotten_after &&
         !snapshot.owners->by_cookie.contains(dark.cookie);
}

}  // namespace

void DarkTable::read(Snapshot& snapshot) const {
  snapshot.dark.clear();
  if (__atomic_load_n(&probes_->bss->dark_in_use, __ATOMIC_ACQUIRE) == 0) return;
  const int fd = bpf_map__fd(probes_->maps.dark_sockets);
  std::vector<std::uint64_t> cookies(rows_at_once);
  std::vector<fanfare_dark> rows(rows_at_once);
  std::uint32_t at = 0;
  for (bool first = true, more = true; more; first = false) {
    std::uint32_t count = rows_at_once, next = 0;
    const int error = bpf_map_lookup_batch(fd, first ? nullptr : &at, &next, cookies.data(),
                                           rows.data(), &count, nullptr);
    if (error && error != -ENOENT)
      throw std::system_error(-error, std::generic_category(), "reading the dark sockets");
    more = error == 0;
    at = next;
    for (std::uint32_t i = 0; i < count; ++i) snapshot.dark.push_back({cookies[i], rows[i]});
  }
}

void DarkTable::settle(Snapshot& snapshot) const {
  std::erase_if(snapshot.dark, [&](const DarkSocket& dark) {
    if (is_forgotten(dark, snapshot)) {
      if (bpf_map_delete_elem(bpf_map__fd(probes_->maps.dark_sockets), &dark.cookie) == 0)
        __atomic_fetch_sub(&probes_->bss->dark_in_use, 1, __ATOMIC_ACQ_REL);
      return true;
    }
    return dark.socket.reason != FANFARE_DARK_GIVEN_UP && flows_.has_record(dark.cookie);
  });
}

void DarkTable::count_awaited(Snapshot& snapshot) const {
  std::map<std::uint16_t, std::uint64_t> followed;
  for (const auto& flow : snapshot.flows) followed[flow.local_port] += flow.watched;
  for (const auto& dark : snapshot.dark)
    followed[dark.socket.local_port] +=
        dark.socket.reason != FANFARE_DARK_MPTCP && dark.socket.reason != FANFARE_DARK_GIVEN_UP;
  for (const auto& [key, owner] : snapshot.owners->listeners) {
    const std::uint64_t all =
        __atomic_load_n(&probes_->bss->watched_ports[key.port], __ATOMIC_RELAXED);
    const auto known = followed.find(key.port);
    const auto rest = known == followed.end() ? 0 : known->second;
    if (all > rest) snapshot.awaited[key.port] = all - rest;
  }
}

bool DarkTable::could_be_adopted(const Snapshot& snapshot) const {
  const auto& counts = *probes_->bss;
  const bool for_clients =
      !flows_.is_full() && __atomic_load_n(&counts.adoptions, __ATOMIC_ACQUIRE) <
                               __atomic_load_n(&counts.adoptions_allowed, __ATOMIC_ACQUIRE);
  const bool for_peers = !flows_.is_full_for_peers();
  return (for_clients || for_peers) &&
         std::ranges::any_of(snapshot.dark, [&](const DarkSocket& dark) {
           const auto& socket = dark.socket;
           if (!(fanfare_protocol_replicates(socket.protocol) ? for_peers : for_clients))
             return false;
           return socket.reason == FANFARE_DARK_NO_ROOM || socket.reason == FANFARE_DARK_OLDER ||
                  (socket.reason == FANFARE_DARK_GIVEN_UP && counts.chat_ports[socket.local_port]);
         });
}

}  // namespace fanfare
