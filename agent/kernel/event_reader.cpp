// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/event_reader.h"

#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace fanfare {
namespace {

std::size_t records_of(const Probes& probes, const Knobs& knobs) {
  if (!std::ranges::any_of(knobs.shards, has_rooms)) return 0;
  return bpf_map__max_entries(probes->maps.events);
}

const fanfare_event* map_events(const Probes& probes, std::size_t bytes) {
  if (bytes == 0) return nullptr;
  void* at = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, bpf_map__fd(probes->maps.events), 0);
  if (at == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "mapping the records of events");
  return static_cast<const fanfare_event*>(at);
}

}  // namespace

void EventReader::Unmap::operator()(const fanfare_event* events) const {
  ::munmap(const_cast<fanfare_event*>(events), bytes);
}

EventReader::EventReader(const Probes& probes, const Knobs& knobs)
    : last_ticket_(probes->bss->event_tickets),
      records_(records_of(probes, knobs)),
      events_(map_events(probes, records_ * sizeof(fanfare_event)),
              Unmap{records_ * sizeof(fanfare_event)}),
      settler_(records_) {}

// As begin_event() in bpf/events.bpf.h writes it.
std::optional<fanfare_event> EventReader::record(std::uint64_t ticket) const {
  const fanfare_event& slot = events_.get()[ticket % records_];
  if (__atomic_load_n(&slot.ticket, __ATOMIC_ACQUIRE) != ticket) return {};
  fanfare_event copy = slot;
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  if (__atomic_load_n(&slot.ticket, __ATOMIC_RELAXED) != ticket) return {};
  return copy;
}

void EventReader::read(Snapshot& snapshot) {
  if (records_ == 0) return;
  settler_.advance(
      snapshot.taken, __atomic_load_n(&last_ticket_, __ATOMIC_ACQUIRE),
      [this](std::uint64_t ticket) { return record(ticket); }, snapshot.events);
  snapshot.losses[FANFARE_LOSS_EVENTS_OVERTAKEN] += settler_.overtaken();
  snapshot.maps.push_back(
      {"events", std::min<std::uint64_t>(settler_.followed(), records_), records_});
}

}  // namespace fanfare
