// SPDX-License-Identifier: Apache-2.0
// Every flow that a replay has met, as it was last seen. Views hold those that are open.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "agent/exports/view.h"

namespace fanfare {

class FlowBook {
 public:
  // After each tick.
  void note(const View& view);
  // `last` with all flows of shards in place of those that are open.
  View complete(const View& last) const;

 private:
  struct Entry {
    std::uint64_t cookie = 0;
    std::string shard;
    fanfare_flow flow{};
  };

  std::vector<Entry> closed_;
  std::unordered_set<std::uint64_t> closing_;  // noted, and perhaps shown once more
};

}  // namespace fanfare
