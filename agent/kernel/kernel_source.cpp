// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/kernel_source.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>
#include <system_error>
#include <utility>

#include "agent/kernel/dark_table.h"
#include "agent/kernel/event_reader.h"
#include "agent/kernel/flow_table.h"
#include "agent/kernel/listener_book.h"
#include "agent/kernel/owner_scan.h"
#include "agent/kernel/port_losses.h"
#include "agent/kernel/probes.h"
#include "agent/kernel/reach_reader.h"
#include "agent/kernel/sight_watch.h"
#include "agent/kernel/unheld.h"

namespace fanfare {

using namespace std::chrono_literals;

namespace {

// That the configuration gives a meaning.
std::set<std::uint16_t> ports_of(const std::vector<ShardKnobs>& shards) {
  std::set<std::uint16_t> ports;
  for (const auto& shard : shards)
    for (const auto* list : {&shard.client_ports, &shard.replication_ports, &shard.protocol_ports})
      ports.insert(list->begin(), list->end());
  return ports;
}

// A part of a second is a second: what is not 0 must not look like 0.
std::uint64_t seconds_begun(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(time).count());
}

// The test sockets of whoever tests on this host: they are no clients.
void part_test_sockets(Snapshot& snapshot) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    if (is_test_socket(snapshot.flows[i])) {
      snapshot.tests.push_back(snapshot.flows[i]);
      continue;
    }
    if (kept != i) {
      snapshot.flows[kept] = snapshot.flows[i];
      snapshot.cookies[kept] = snapshot.cookies[i];
    }
    ++kept;
  }
  snapshot.flows.resize(kept);
  snapshot.cookies.resize(kept);
  std::erase_if(snapshot.dark, [](const DarkSocket& dark) {
    fanfare_flow ends{};
    std::ranges::copy(dark.socket.local, ends.local);
    std::ranges::copy(dark.socket.remote, ends.remote);
    return is_test_socket(ends);
  });
}

}  // namespace

class KernelSource::Parts {
 public:
  Parts(const CgroupTarget& cgroup, const Knobs& knobs)
      : probes(cgroup, knobs),
        flows(probes),
        dark(probes, flows),
        owners(probes.owners_link(), cgroup.path),
        listeners(probes, cgroup.path),
        reach(probes, knobs),
        events(probes, knobs),
        sight(cgroup, probes, flows),
        capacity(knobs.sockets) {}

  Probes probes;
  FlowTable flows;
  DarkTable dark;
  OwnerScan owners;
  ListenerBook listeners;
  Unheld unheld;
  ReachReader reach;
  EventReader events;
  SightWatch sight;
  std::uint32_t capacity;
  std::deque<Monotonic> late_looks;        // when
  std::shared_ptr<const Owners> asked_of;  // at the last call of forget_port_losses() that looked
};

KernelSource::KernelSource(const CgroupTarget& cgroup, const Knobs& knobs)
    : parts_(std::make_unique<Parts>(cgroup, knobs)) {
  const Monotonic now = std::chrono::steady_clock::now().time_since_epoch();
  adopt_open_sockets(now);
  parts_->sight.begin(now, ports_of(knobs.shards));
}

const ScopeProof& KernelSource::scope() const { return parts_->sight.sight().scope; }

const Sight& KernelSource::check(Monotonic now) {
  if (parts_->sight.advance(now) == SightWatch::Outcome::attached_again) {
    parts_->flows.doubt_marks();
    adopt_open_sockets(now);
  }
  return parts_->sight.sight();
}

KernelSource::~KernelSource() = default;

void KernelSource::set_shards(const std::vector<ShardKnobs>& shards) {
  parts_->probes.set_shards(shards);
  parts_->sight.avoid(ports_of(shards));
}

// Two passes: the first learns which ports are listened on. Every pass from the second on adopts.
void KernelSource::adopt_open_sockets(Monotonic now) {
  parts_->owners.scan(now);
  parts_->probes->bss->adopting = 1;
  parts_->owners.scan(now);
  parts_->late_looks = {now + 3s, now + 30s};
}

// A connection that waited in its listener's accept queue while we started had no descriptor yet,
// and its acceptance is no change of state: it is met only by looking again.
void KernelSource::look_for_late_comers(Monotonic now) {
  if (parts_->late_looks.empty() || now < parts_->late_looks.front()) return;
  parts_->late_looks.pop_front();
  parts_->owners.scan(now);
}

bool KernelSource::something_unknown(const Snapshot& snapshot) {
  if (parts_->listeners.has_missed()) return true;
  if (parts_->dark.could_be_adopted(snapshot)) return true;
  return std::any_of(
      snapshot.cookies.begin(), snapshot.cookies.end(),
      [&, i = std::size_t{0}](std::uint64_t cookie) mutable {
        const auto& flow = snapshot.flows[i++];
        const bool ours = fanfare_is_synced(&flow) || flow.out.stage == FANFARE_STAGE_RPC ||
                          flow.exchanges.accepted > 0;
        return flow.life == FANFARE_LIVE && ours && !snapshot.owners->by_cookie.contains(cookie);
      });
}

void KernelSource::read_losses(Snapshot& snapshot) const {
  const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
  std::vector<std::uint64_t> by_cpu(cpus);
  const int fd = bpf_map__fd(parts_->probes->maps.losses);
  for (std::uint32_t reason = 0; reason < FANFARE_LOSS_COUNT; ++reason) {
    if (bpf_map_lookup_elem(fd, &reason, by_cpu.data()) != 0)
      throw std::system_error(errno, std::generic_category(), "reading the loss counters");
    for (const auto count : by_cpu) snapshot.losses[reason] += count;
  }
  snapshot.losses[FANFARE_LOSS_UNATTACHED] += seconds_begun(parts_->sight.sight().blind_ever);
  snapshot.losses[FANFARE_LOSS_AGENT_ABSENT] += seconds_begun(absent_);
  read_port_losses(snapshot);
}

// Entries are removed here alone: what is found by its key can be read.
void KernelSource::read_port_losses(Snapshot& snapshot) const {
  const int fd = bpf_map__fd(parts_->probes->maps.port_losses);
  PortLoss loss;
  for (const fanfare_port_loss* before = nullptr; bpf_map_get_next_key(fd, before, &loss.of) == 0;
       before = &snapshot.port_losses.back().of) {
    bpf_map_lookup_elem(fd, &loss.of, &loss.count);
    snapshot.port_losses.push_back(loss);
  }
}

// Where the table fills up, and only when it is news who listens. What a program adds meanwhile to
// an entry that goes is of nobody either.
void KernelSource::forget_port_losses(const Snapshot& snapshot) {
  if (snapshot.port_losses.size() < FANFARE_PORT_LOSSES_MAX / 2) return;
  if (std::exchange(parts_->asked_of, snapshot.owners) == snapshot.owners) return;
  const int fd = bpf_map__fd(parts_->probes->maps.port_losses);
  for (const auto& gone : losses_of_nobody(snapshot)) bpf_map_delete_elem(fd, &gone);
}

void KernelSource::read_programs(Snapshot& snapshot) const {
  const auto& programs = parts_->probes->progs;
  for (const auto* program : {programs.on_egress, programs.on_ingress, programs.on_set_state,
                              programs.on_set_state_again}) {
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0) continue;
    snapshot.programs.push_back(
        {bpf_program__name(program), info.run_cnt, std::chrono::nanoseconds(info.run_time_ns)});
  }
}

Snapshot KernelSource::read(Monotonic now, Wall wall, Snapshot spent) {
  Snapshot snapshot;
  snapshot.cookies = std::move(spent.cookies);
  snapshot.flows = std::move(spent.flows);
  snapshot.taken = now;
  snapshot.wall = wall;
  look_for_late_comers(now);
  // Before the flows, and the scan that may follow: an event that is due and has not reached
  // anybody yet settles in the next ticks; one that reached somebody before it was due would be
  // missed.
  parts_->reach.read(snapshot);
  parts_->events.read(snapshot);
  parts_->dark.read(snapshot);
  parts_->flows.read(snapshot);
  snapshot.owners = parts_->owners.refresh(now, false);
  if (something_unknown(snapshot)) snapshot.owners = parts_->owners.refresh(now, true);
  snapshot.owners = parts_->listeners.complete(snapshot.owners, now);
  parts_->dark.settle(snapshot);
  parts_->dark.count_awaited(snapshot);
  for (const auto at : parts_->unheld.advance(snapshot)) parts_->flows.end(snapshot, at);
  read_losses(snapshot);
  forget_port_losses(snapshot);
  read_programs(snapshot);
  const auto clients = std::ranges::count_if(snapshot.flows, [](const fanfare_flow& flow) {
    return fanfare_protocol_replicates(flow.protocol) == 0;
  });
  snapshot.maps.push_back({"flows", static_cast<std::uint64_t>(clients), parts_->capacity});
  snapshot.maps.push_back({"listeners", parts_->listeners.entries(), FANFARE_LISTENERS_MAX});
  const auto& maps = parts_->probes->maps;
  const auto* held = parts_->probes->bss;
  snapshot.maps.push_back(
      {"held_streams", held->streams_in_use, bpf_map__max_entries(maps.held_streams)});
  snapshot.maps.push_back(
      {"held_pages", held->pages_in_use, bpf_map__max_entries(maps.held_pages)});
  snapshot.maps.push_back(
      {"dark_sockets", held->dark_in_use, bpf_map__max_entries(maps.dark_sockets)});
  part_test_sockets(snapshot);
  return snapshot;
}

}  // namespace fanfare
