// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/flow_table.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

namespace fanfare {
namespace {

bool may_go(const fanfare_flow& flow, bool adopting) {
  if (flow.life == FANFARE_CLOSED) return true;
  return flow.out.stage == FANFARE_STAGE_DISMISSED && !adopting;
}

std::uint64_t* map_index(const bpf_map* map, std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (at == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "mapping the index of the flows");
  return static_cast<std::uint64_t*>(at);
}

std::size_t bytes_of(const bpf_map* index) {
  return bpf_map__max_entries(index) * sizeof(std::uint64_t);
}

}  // namespace

void FlowTable::Unmap::operator()(std::uint64_t* index) const { ::munmap(index, bytes); }

FlowTable::FlowTable(const Probes& probes)
    : probes_(probes),
      index_(map_index(probes->maps.flow_index, bytes_of(probes->maps.flow_index)),
             Unmap{bytes_of(probes->maps.flow_index)}) {}

std::uint64_t& FlowTable::slot_of(std::uint64_t cookie) const {
  return index_.get()[cookie & probes_->rodata->flow_index_mask];
}

void FlowTable::read(Snapshot& snapshot, bool adopting) {
  read_records(snapshot);
  drop_free(snapshot);
  give_back_finished(snapshot, adopting);
}

void FlowTable::read_records(Snapshot& snapshot) {
  const auto begun = __atomic_load_n(&probes_->bss->flows_begun, __ATOMIC_ACQUIRE);
  const auto all = std::min(begun, bpf_map__max_entries(probes_->maps.flows));
  snapshot.flows.resize(all);
  places_.resize(all);
  std::iota(places_.begin(), places_.end(), 0U);
  std::vector<std::uint32_t> keys(all);
  std::uint32_t last = 0, have = 0;
  LIBBPF_OPTS(bpf_map_batch_opts, locked, .elem_flags = BPF_F_LOCK);  // see fanfare_acks
  while (have < all) {
    std::uint32_t count = all - have;
    const int error =
        bpf_map_lookup_batch(bpf_map__fd(probes_->maps.flows), have ? &last : nullptr, &last,
                             keys.data() + have, snapshot.flows.data() + have, &count, &locked);
    if ((error && error != -ENOENT) || count == 0)
      throw std::system_error(error ? -error : EIO, std::generic_category(),
                              "reading the flow map");
    have += count;
  }
}

// Records that nobody has give way to the last one that somebody has; they are in no order.
void FlowTable::drop_free(Snapshot& snapshot) {
  auto& flows = snapshot.flows;
  std::size_t end = flows.size();
  for (std::size_t i = 0; i < end;) {
    if (flows[i].cookie != 0) {
      ++i;
      continue;
    }
    --end;
    if (flows[end].cookie == 0) continue;
    flows[i] = flows[end];
    places_[i] = places_[end];
    ++i;
  }
  flows.resize(end);
  snapshot.cookies.resize(end);
  std::transform(flows.begin(), flows.end(), snapshot.cookies.begin(),
                 [](const fanfare_flow& flow) { return flow.cookie; });
}

void FlowTable::give_back_finished(const Snapshot& snapshot, bool adopting) {
  std::unordered_set<std::uint64_t> finished;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    if (!may_go(snapshot.flows[i], adopting)) continue;
    const auto cookie = snapshot.cookies[i];
    if (finished_.contains(cookie))
      give_back(cookie, places_[i]);
    else
      finished.insert(cookie);
  }
  finished_ = std::move(finished);
}

void FlowTable::give_back(std::uint64_t cookie, std::uint32_t place) {
  static constexpr fanfare_flow blank{};
  const auto& maps = probes_->maps;
  std::uint64_t entry = FANFARE_INDEX_ENTRY(cookie, place);
  if (!__atomic_compare_exchange_n(&slot_of(cookie), &entry, 0, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_RELAXED) &&
      bpf_map_delete_elem(bpf_map__fd(maps.flows_elsewhere), &cookie) == 0)
    __atomic_fetch_sub(&probes_->bss->flows_in_hash, 1, __ATOMIC_ACQ_REL);
  bpf_map_update_elem(bpf_map__fd(maps.flows), &place, &blank, BPF_ANY);
  bpf_map_update_elem(bpf_map__fd(maps.free_flows), nullptr, &place, BPF_ANY);
  __atomic_fetch_sub(&probes_->bss->flows_in_use, 1, __ATOMIC_ACQ_REL);
}

std::optional<fanfare_flow> FlowTable::find(std::uint64_t cookie) const {
  const auto entry = __atomic_load_n(&slot_of(cookie), __ATOMIC_ACQUIRE);
  std::uint32_t place = FANFARE_INDEX_PLACE(entry);
  if (!FANFARE_INDEX_FITS(entry, cookie) &&
      bpf_map_lookup_elem(bpf_map__fd(probes_->maps.flows_elsewhere), &cookie, &place) != 0)
    return std::nullopt;
  fanfare_flow flow{};
  if (bpf_map_lookup_elem(bpf_map__fd(probes_->maps.flows), &place, &flow) != 0)
    return std::nullopt;
  return flow;
}

}  // namespace fanfare
