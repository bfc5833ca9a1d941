// SPDX-License-Identifier: Apache-2.0
#include "agent/model/reach.h"

#include <algorithm>

namespace fanfare {
namespace {

// A counter that falls has been started anew.
std::uint64_t grown(std::uint64_t now, std::uint64_t last) { return now < last ? now : now - last; }

void add_growth(ReachTotals& totals, const fanfare_reach& now, const fanfare_reach& last) {
  totals.accepted += grown(now.accepted, last.accepted);
  totals.reached += grown(now.reached, last.reached);
  totals.copies += grown(now.copies, last.copies);
  totals.own_copies += grown(now.own_copies, last.own_copies);
  totals.unidentified += grown(now.unidentified, last.unidentified);
  totals.reached_local += grown(now.reached_local, last.reached_local);
}

}  // namespace

// A place that a reload has given to another shard: what it has counted by then may be of either,
// and is of neither.
void ReachLedger::advance(const std::vector<fanfare_reach>& counters,
                          const std::vector<ShardRule>& rules) {
  const std::size_t count = std::min(counters.size(), rules.size());
  if (places_.size() < count) places_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Place& place = places_[i];
    const bool is_new = place.name.empty();
    if (is_new || place.name == rules[i].name)
      add_growth(totals_[rules[i].name], counters[i], place.last);
    place = {rules[i].name, counters[i]};
  }
}

void ReachLedger::fill(Shard& shard) const {
  const auto found = totals_.find(shard.name);
  if (found != totals_.end()) shard.reach = found->second;
}

}  // namespace fanfare
