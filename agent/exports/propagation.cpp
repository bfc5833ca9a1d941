// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/propagation.h"

#include <algorithm>

namespace fanfare {

std::uint64_t events_accepted(const Shard& shard) { return shard.in.messages[FANFARE_EVENT]; }

std::uint64_t events_due(const Shard& shard) {
  if (shard.replicates) return shard.commands;
  return shard.identifies ? shard.reach.accepted : events_accepted(shard);
}

std::uint64_t event_copies(const Shard& shard) {
  return shard.identifies ? shard.reach.copies : shard.out.messages[FANFARE_EVENT];
}

std::optional<double> relative(const Signal& signal) {
  const std::optional<double>& value = signal.ratio.value;
  if (!value) return std::nullopt;
  if (signal.normal && *signal.normal > 0) return *value / *signal.normal;
  return signal.name == signal_copies ? std::nullopt : value;
}

const Signal* worst_signal(const ShardView& view) {
  const auto& signals = view.judgement.signals;
  const bool reach_known = std::ranges::any_of(
      signals, [](const Signal& s) { return s.name == signal_reach && relative(s).has_value(); });
  const Signal* worst = nullptr;
  double least = 0;
  for (const Signal& signal : signals) {
    const auto here = relative(signal);
    if (!here || (reach_known && signal.name == signal_copies)) continue;
    if (worst != nullptr && *here >= least) continue;
    worst = &signal;
    least = *here;
  }
  return worst;
}

}  // namespace fanfare
