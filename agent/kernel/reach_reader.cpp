// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/reach_reader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

// How long a map stays current. An event must have reached its last client within one to two of
// these, else its late copies count as a new event.
constexpr auto turn_period = 10s;
constexpr std::uint32_t delete_batch = 4096;  // identities a system call

std::vector<std::uint32_t> places_with_identity(const Knobs& knobs) {
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < knobs.shards.size(); ++i)
    if (knobs.shards[i].identity.kind != Identity::Kind::none) places.push_back(i);
  return places;
}

std::uint64_t clear(int map) {
  std::vector<std::uint64_t> keys(delete_batch);
  std::vector<fanfare_event_seen> values(delete_batch);
  std::uint64_t position = 0, cleared = 0;
  for (bool first = true;; first = false) {
    std::uint32_t count = delete_batch;
    const int error = bpf_map_lookup_and_delete_batch(map, first ? nullptr : &position, &position,
                                                      keys.data(), values.data(), &count, nullptr);
    cleared += count;
    if (error == -ENOENT) return cleared;
    if (error) throw std::system_error(-error, std::generic_category(), "ageing the identities");
  }
}

}  // namespace

ReachReader::ReachReader(const Probes& probes, const Knobs& knobs)
    : turn_(probes->bss->identity_turn),
      full_(probes->bss->identities_full),
      maps_{bpf_map__fd(probes->maps.identities_a), bpf_map__fd(probes->maps.identities_b)},
      totals_(bpf_map__fd(probes->maps.reach)),
      places_(places_with_identity(knobs)),
      shards_(knobs.shards.size()),
      capacity_(knobs.identities) {}

void ReachReader::read(Snapshot& snapshot) {
  if (places_.empty()) return;
  snapshot.reach.assign(shards_, {});
  std::vector<fanfare_reach> by_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  for (const auto place : places_) {
    if (bpf_map_lookup_elem(totals_, &place, by_cpu.data()) != 0)
      throw std::system_error(errno, std::generic_category(), "reading the counters of reach");
    auto& sum = snapshot.reach[place];
    for (const auto& one : by_cpu) {
      sum.accepted += one.accepted;
      sum.reached += one.reached;
      sum.copies += one.copies;
      sum.own_copies += one.own_copies;
      sum.unidentified += one.unidentified;
      sum.reached_local += one.reached_local;
    }
  }
  turn_maps(snapshot.taken);
  snapshot.maps.push_back({"identities", filled_, capacity_});
}

// The older map is emptied before it becomes current: no insert goes there meanwhile.
void ReachReader::turn_maps(Monotonic now) {
  if (!turned_) turned_ = now;
  if (now - *turned_ < turn_period) return;
  const auto older = !turn_;
  filled_ = clear(maps_[older]);
  __atomic_store_n(&full_[older], 0, __ATOMIC_RELAXED);
  __atomic_store_n(&turn_, older, __ATOMIC_RELEASE);
  turned_ = now;
}

}  // namespace fanfare
