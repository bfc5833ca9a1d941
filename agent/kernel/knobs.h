// SPDX-License-Identifier: Apache-2.0
// What the agent may set before the programs are loaded.
#pragma once

#include <cstdint>

namespace fanfare {

struct Knobs {
  std::uint32_t sockets = 131072;      // records in the flow map
  std::uint32_t frame_budget = 65536;  // headers that one run may walk
};

}  // namespace fanfare
