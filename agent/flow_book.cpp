// SPDX-License-Identifier: Apache-2.0
#include "agent/flow_book.h"

#include <algorithm>
#include <utility>

namespace fanfare {

void FlowBook::note(const View& view) {
  std::unordered_set<std::uint64_t> closing;
  const Snapshot& snapshot = *view.snapshot;
  for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
    if (snapshot.flows[i].life != FANFARE_CLOSED || view.shard_of[i] >= view.shards.size())
      continue;
    const auto cookie = snapshot.cookies[i];
    closing.insert(cookie);
    if (!closing_.contains(cookie))
      closed_.push_back({cookie, view.shards.at(view.shard_of[i]).shard.name, snapshot.flows[i]});
  }
  closing_ = std::move(closing);
}

View FlowBook::complete(const View& last) const {
  View view = last;
  auto all = std::make_shared<Snapshot>();
  const Snapshot& open = *last.snapshot;
  all->taken = open.taken;
  all->owners = open.owners;
  all->pods = open.pods;
  all->dark = open.dark;
  view.shard_of.clear();
  view.states.clear();
  for (const auto& [cookie, shard, flow] : closed_) {
    const auto named = std::ranges::find_if(
        last.shards, [&](const ShardView& candidate) { return candidate.shard.name == shard; });
    if (named == last.shards.end()) continue;
    all->cookies.push_back(cookie);
    all->flows.push_back(flow);
    view.shard_of.push_back(static_cast<std::uint32_t>(named - last.shards.begin()));
  }
  for (std::size_t i = 0; i < open.flows.size(); ++i) {
    if (open.flows[i].life == FANFARE_CLOSED || last.shard_of[i] >= last.shards.size()) continue;
    all->cookies.push_back(open.cookies[i]);
    all->flows.push_back(open.flows[i]);
    view.shard_of.push_back(last.shard_of[i]);
  }
  view.snapshot = std::move(all);
  return view;
}

}  // namespace fanfare
