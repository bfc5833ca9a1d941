// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/flow_table.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>
#include <utility>

namespace fanfare {
namespace {

// The table is sparse where fewer than one of so many places that have been in use still is: after
// a storm of connections a look at each place would cost what the storm did, for ever.
constexpr std::uint64_t sparse_ratio = 8;

// What is searched may take so much of the table. The rest is for clients that show their 101.
constexpr std::uint64_t searched_at_most(std::uint64_t records) { return records * 3 / 4; }

bool may_go(const fanfare_flow& flow) {
  return flow.life == FANFARE_CLOSED || flow.out.stage == FANFARE_STAGE_DISMISSED;
}

bool is_searched(const fanfare_flow& flow) {
  return flow.life == FANFARE_LIVE && flow.opened_ns == 0 &&
         !fanfare_protocol_replicates(flow.protocol) && !fanfare_is_synced(&flow);
}

std::uint64_t* map_index(const bpf_map* map, std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (at == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "mapping the index of the flows");
  return static_cast<std::uint64_t*>(at);
}

std::uint32_t shared_count(const std::uint32_t& shared) {
  return __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
}

std::size_t bytes_of(const bpf_map* index) {
  return bpf_map__max_entries(index) * sizeof(std::uint64_t);
}

}  // namespace

void FlowTable::Unmap::operator()(std::uint64_t* index) const { ::munmap(index, bytes); }

FlowTable::FlowTable(const Probes& probes)
    : probes_(probes),
      index_(map_index(probes->maps.flow_index, bytes_of(probes->maps.flow_index)),
             Unmap{bytes_of(probes->maps.flow_index)}) {
  allow_adoptions(0, 0);
}

std::uint64_t& FlowTable::slot_of(std::uint64_t cookie) const {
  return index_.get()[cookie & probes_->rodata->flow_index_mask];
}

void FlowTable::read(Snapshot& snapshot) {
  const auto adopted = __atomic_load_n(&probes_->bss->adoptions, __ATOMIC_ACQUIRE);
  if (is_sparse())
    read_occupied(snapshot);
  else
    read_all(snapshot);
  drop_free(snapshot);
  give_back_unlinked();
  take_left();
  unlink_finished(snapshot);
  allow_adoptions(adopted,
                  static_cast<std::uint64_t>(std::ranges::count_if(snapshot.flows, is_searched)));
}

// `adopted` as it was before `searched` were counted: the programs go on meanwhile.
void FlowTable::allow_adoptions(std::uint64_t adopted, std::uint64_t searched) {
  const auto at_most = searched_at_most(probes_->rodata->flows_max);
  __atomic_store_n(&probes_->bss->adoptions_allowed,
                   adopted + at_most - std::min(searched, at_most), __ATOMIC_RELEASE);
}

// The programs have taken them out of the index.
void FlowTable::take_left() {
  std::uint32_t place = 0;
  while (bpf_map_lookup_and_delete_elem(bpf_map__fd(probes_->maps.left_flows), nullptr, &place) ==
         0) {
    clear(place);
    unlinked_.push_back(place);
  }
}

bool FlowTable::is_sparse() const {
  const auto& counts = *probes_->bss;
  return __atomic_load_n(&counts.flows_in_hash, __ATOMIC_ACQUIRE) == 0 &&
         sparse_ratio * __atomic_load_n(&counts.flows_in_use, __ATOMIC_ACQUIRE) <
             __atomic_load_n(&counts.flows_begun, __ATOMIC_ACQUIRE);
}

void FlowTable::read_occupied(Snapshot& snapshot) {
  places_.clear();
  for (std::size_t slot = 0; slot <= probes_->rodata->flow_index_mask; ++slot) {
    const auto entry = __atomic_load_n(&index_.get()[slot], __ATOMIC_ACQUIRE);
    if (FANFARE_INDEX_PLACE(entry) < FANFARE_INDEX_MARKS)
      places_.push_back(FANFARE_INDEX_PLACE(entry));
  }
  snapshot.flows.resize(places_.size());
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (bpf_map_lookup_elem_flags(bpf_map__fd(probes_->maps.flows), &places_[i], &snapshot.flows[i],
                                  BPF_F_LOCK) != 0)
      throw std::system_error(errno, std::generic_category(), "reading a flow");
}

void FlowTable::read_all(Snapshot& snapshot) {
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

void FlowTable::unlink_finished(const Snapshot& snapshot) {
  std::unordered_set<std::uint64_t> finished;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    if (!may_go(snapshot.flows[i])) continue;
    const auto cookie = snapshot.cookies[i];
    if (finished_.contains(cookie))
      unlink(cookie, places_[i], snapshot.flows[i]);
    else
      finished.insert(cookie);
  }
  finished_ = std::move(finished);
}

// A socket that lives on is none that was never seen: a mark takes the record's place.
void FlowTable::unlink(std::uint64_t cookie, std::uint32_t place, const fanfare_flow& seen) {
  const bool closed = seen.life == FANFARE_CLOSED;
  if (closed)
    change_entry(cookie, place, FANFARE_NO_ENTRY);
  else
    change_entry(cookie, place, FANFARE_IGNORED);
  fanfare_flow flow{};
  if (!closed && bpf_map_lookup_elem(bpf_map__fd(probes_->maps.flows), &place, &flow) == 0 &&
      flow.life == FANFARE_CLOSED)  // just now, and it has found the record and not the mark
    change_entry(cookie, FANFARE_IGNORED, FANFARE_NO_ENTRY);
  clear(place);
  unlinked_.push_back(place);
  peers_unlinked_ += fanfare_protocol_replicates(seen.protocol) != 0;
}

void FlowTable::change_entry(std::uint64_t cookie, std::uint32_t from, std::uint32_t to) {
  std::uint64_t entry = FANFARE_INDEX_ENTRY(cookie, from);
  const std::uint64_t wanted = to == FANFARE_NO_ENTRY ? 0 : FANFARE_INDEX_ENTRY(cookie, to);
  if (__atomic_compare_exchange_n(&slot_of(cookie), &entry, wanted, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_RELAXED))
    return;
  const int elsewhere = bpf_map__fd(probes_->maps.flows_elsewhere);
  if (to != FANFARE_NO_ENTRY)
    bpf_map_update_elem(elsewhere, &cookie, &to, BPF_EXIST);
  else if (bpf_map_delete_elem(elsewhere, &cookie) == 0)
    __atomic_fetch_sub(&probes_->bss->flows_in_hash, 1, __ATOMIC_ACQ_REL);
}

void FlowTable::clear(std::uint32_t place) {
  static constexpr fanfare_flow blank{};
  bpf_map_update_elem(bpf_map__fd(probes_->maps.flows), &place, &blank, BPF_ANY);
}

void FlowTable::give_back_unlinked() {
  for (const auto place : unlinked_) {
    clear(place);
    bpf_map_update_elem(bpf_map__fd(probes_->maps.free_flows), nullptr, &place, BPF_ANY);
    __atomic_fetch_sub(&probes_->bss->flows_in_use, 1, __ATOMIC_ACQ_REL);
  }
  unlinked_.clear();
  __atomic_fetch_sub(&probes_->bss->peers_in_use, std::exchange(peers_unlinked_, 0),
                     __ATOMIC_ACQ_REL);
}

void FlowTable::end(const Snapshot& snapshot, std::size_t at) {
  fanfare_flow flow = snapshot.flows.at(at);
  flow.snd_una = flow.acks.acked_seq;
  flow.snd_nxt = flow.write_seq = flow.out.next_seq;
  flow.sk_err = ETIMEDOUT;
  flow.life = FANFARE_CLOSED;
  if (std::exchange(flow.watched, 0))
    __atomic_fetch_sub(&probes_->bss->watched_ports[flow.local_port], 1, __ATOMIC_ACQ_REL);
  bpf_map_update_elem(bpf_map__fd(probes_->maps.flows), &places_.at(at), &flow, BPF_EXIST);
}

bool FlowTable::is_full() const {
  const auto& counts = *probes_->bss;
  const auto clients = static_cast<std::int64_t>(shared_count(counts.flows_in_use)) -
                       static_cast<std::int64_t>(shared_count(counts.peers_in_use));
  return clients >= static_cast<std::int64_t>(probes_->rodata->flows_max);
}

bool FlowTable::is_full_for_peers() const {
  return shared_count(probes_->bss->flows_in_use) >= bpf_map__max_entries(probes_->maps.flows);
}

std::uint32_t FlowTable::entry_of(std::uint64_t cookie) const {
  const auto entry = __atomic_load_n(&slot_of(cookie), __ATOMIC_ACQUIRE);
  if (FANFARE_INDEX_FITS(entry, cookie)) return FANFARE_INDEX_PLACE(entry);
  std::uint32_t place = FANFARE_NO_ENTRY;
  bpf_map_lookup_elem(bpf_map__fd(probes_->maps.flows_elsewhere), &cookie, &place);
  return place;
}

void FlowTable::doubt_marks() {
  for (std::size_t slot = 0; slot <= probes_->rodata->flow_index_mask; ++slot) {
    std::uint64_t entry = __atomic_load_n(&index_.get()[slot], __ATOMIC_ACQUIRE);
    if (FANFARE_INDEX_PLACE(entry) != FANFARE_PLAIN_HTTP) continue;
    const std::uint64_t doubted = entry - FANFARE_PLAIN_HTTP + FANFARE_AWAITED;
    __atomic_compare_exchange_n(&index_.get()[slot], &entry, doubted, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_RELAXED);
  }
}

bool FlowTable::has_record(std::uint64_t cookie) const {
  return entry_of(cookie) < FANFARE_INDEX_MARKS;
}

std::optional<fanfare_flow> FlowTable::find(std::uint64_t cookie) const {
  const std::uint32_t place = entry_of(cookie);
  fanfare_flow flow{};
  if (place >= FANFARE_INDEX_MARKS ||
      bpf_map_lookup_elem(bpf_map__fd(probes_->maps.flows), &place, &flow) != 0)
    return std::nullopt;
  return flow;
}

}  // namespace fanfare
