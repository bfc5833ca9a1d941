// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/propagation.h"

#include <algorithm>

namespace fanfare {

std::uint64_t events_accepted(const Shard& shard) {
  return shard.in.messages[FANFARE_EVENT] + shard.accepted_over_http;
}

std::uint64_t events_due(const Shard& shard) {
  if (shard.replicates) return shard.commands;
  return shard.identifies ? shard.reach.accepted : events_accepted(shard);
}

std::uint64_t events_reached(const Shard& shard) {
  return shard.replicates ? shard.reach.reached : shard.reach.reached_local;
}

const char* origin_of_due(const Shard& shard) { return shard.replicates ? "remote" : "local"; }

std::uint64_t event_copies(const Shard& shard) {
  return shard.identifies ? shard.reach.copies : shard.out.messages[FANFARE_EVENT];
}

std::optional<double> relative(const Signal& signal) {
  const std::optional<double>& value = signal.ratio.value;
  if (!value || more_is_worse(signal.name) || signal.name == signal_accepted) return std::nullopt;
  if (signal.normal && *signal.normal > 0) return *value / *signal.normal;
  return signal.name == signal_copies || signal.name == signal_ack_fate ? std::nullopt : value;
}

namespace {

// A figure that goes up and down by itself speaks where nothing better does.
bool is_mere_noise(const Signal& signal, bool reach_known, bool others_known) {
  if (signal.name == signal_copies) return reach_known;
  return signal.name == signal_ack_fate && others_known && !signal.lost;
}

bool is_known(const Signal& signal) { return relative(signal).has_value(); }

}  // namespace

const Signal* worst_signal(const ShardView& view) {
  const auto& signals = view.judgement.signals;
  const bool reach_known = std::ranges::any_of(
      signals, [](const Signal& s) { return s.name == signal_reach && is_known(s); });
  const bool others_known = std::ranges::any_of(
      signals, [](const Signal& s) { return s.name != signal_ack_fate && is_known(s); });
  const Signal* worst = nullptr;
  double least = 0;
  for (const Signal& signal : signals) {
    const auto here = relative(signal);
    if (!here || is_mere_noise(signal, reach_known, others_known)) continue;
    if (worst != nullptr && *here >= least) continue;
    worst = &signal;
    least = *here;
  }
  return worst;
}

}  // namespace fanfare
