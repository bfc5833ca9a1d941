// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/flow_reader.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace fanfare {
namespace {

bool may_go(const fanfare_flow& flow, bool adopting) {
  if (flow.life == FANFARE_CLOSED) return true;
  return flow.out.stage == FANFARE_STAGE_DISMISSED && !adopting;
}

}  // namespace

FlowReader::FlowReader(int map_fd, std::uint32_t capacity) : map_fd_(map_fd), capacity_(capacity) {}

void FlowReader::read(Snapshot& snapshot, bool adopting) {
  read_batches(snapshot);
  delete_finished(snapshot, adopting);
}

void FlowReader::read_batches(Snapshot& snapshot) {
  auto& keys = snapshot.cookies;
  auto& values = snapshot.flows;
  std::uint64_t position = 0;  // opaque to us: the kernel's bucket number
  bool first = true;
  std::size_t have = 0;
  LIBBPF_OPTS(bpf_map_batch_opts, locked, .elem_flags = BPF_F_LOCK);  // see fanfare_acks
  for (;;) {
    std::uint32_t count = std::min(batch_, capacity_);
    if (keys.size() < have + count) {
      keys.resize(have + count);
      values.resize(have + count);
    }
    const int error =
        bpf_map_lookup_batch(map_fd_, first ? nullptr : &position, &position, keys.data() + have,
                             values.data() + have, &count, &locked);
    if (error == -ENOSPC) {  // one bucket holds more than a batch
      batch_ *= 2;
      capacity_ = std::max(capacity_, batch_);
      continue;
    }
    if (error && error != -ENOENT)
      throw std::system_error(-error, std::generic_category(), "reading the flow map");
    have += count;
    first = false;
    if (error == -ENOENT) break;  // the end; `count` records came with it
  }
  keys.resize(have);
  values.resize(have);
}

void FlowReader::delete_finished(const Snapshot& snapshot, bool adopting) {
  std::unordered_set<std::uint64_t> finished;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    if (!may_go(snapshot.flows[i], adopting)) continue;
    const auto cookie = snapshot.cookies[i];
    if (finished_.contains(cookie))
      bpf_map_delete_elem(map_fd_, &cookie);
    else
      finished.insert(cookie);
  }
  finished_ = std::move(finished);
}

}  // namespace fanfare
