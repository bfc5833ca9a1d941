// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/unheld.h"

#include <utility>

namespace fanfare {
namespace {

std::uint64_t moves_of(const fanfare_flow& flow) {
  return std::uint64_t{flow.out.next_seq} + flow.in.next_seq + flow.acks.acked_seq;
}

}  // namespace

std::vector<std::size_t> Unheld::advance(const Snapshot& snapshot) {
  std::vector<std::size_t> forgotten;
  if (std::exchange(owners_, snapshot.owners) == snapshot.owners) return forgotten;
  if (!snapshot.owners->all_processes) return forgotten;
  std::unordered_map<std::uint64_t, Stand> stands;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    const auto& flow = snapshot.flows[i];
    const auto cookie = snapshot.cookies[i];
    if (flow.life != FANFARE_LIVE || snapshot.owners->by_cookie.contains(cookie)) continue;
    Stand stand{moves_of(flow), snapshot.taken};
    const auto before = stands_.find(cookie);
    if (before != stands_.end() && before->second.moves == stand.moves)
      stand.since = before->second.since;
    if (snapshot.taken - stand.since >= forgotten_after) forgotten.push_back(i);
    stands.emplace(cookie, stand);
  }
  stands_ = std::move(stands);
  return forgotten;
}

}  // namespace fanfare
