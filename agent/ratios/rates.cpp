// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/rates.h"

namespace fanfare {

std::vector<Rate> Rates::advance(std::chrono::nanoseconds now, const std::vector<Shard>& shards) {
  Sample sample{.at = now, .totals = {}};
  for (const auto& shard : shards)
    sample.totals[shard.name] = {shard.out.messages[FANFARE_EVENT],
                                 shard.in.messages[FANFARE_EVENT]};
  while (samples_.size() > 1 && now - samples_[1].at >= window_) samples_.pop_front();
  samples_.push_back(std::move(sample));

  std::vector<Rate> rates;
  for (const auto& shard : shards) {
    const auto& latest = samples_.back().totals.at(shard.name);
    Rate rate;
    for (const auto& older : samples_) {  // the oldest sample that knows the shard
      const auto found = older.totals.find(shard.name);
      if (found == older.totals.end()) continue;
      const double seconds = std::chrono::duration<double>(now - older.at).count();
      if (seconds > 0)
        rate = {static_cast<double>(latest.events_out - found->second.events_out) / seconds,
                static_cast<double>(latest.events_in - found->second.events_in) / seconds};
      break;
    }
    rates.push_back(rate);
  }
  return rates;
}

}  // namespace fanfare
