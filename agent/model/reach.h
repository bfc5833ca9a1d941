// SPDX-License-Identifier: Apache-2.0
// From the kernel's reach counters, one for each place in the configuration, to totals by shard.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"
#include "agent/model/shards.h"

namespace fanfare {

class ReachLedger {
 public:
  void advance(const std::vector<fanfare_reach>& counters, const std::vector<ShardRule>& rules);

  // The shard's totals; untouched where it has none.
  void fill(Shard& shard) const;

 private:
  struct Place {
    std::string name;
    fanfare_reach last{};
  };

  std::vector<Place> places_;
  std::map<std::string, ReachTotals> totals_;
};

}  // namespace fanfare
