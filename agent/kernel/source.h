// SPDX-License-Identifier: Apache-2.0
// Where snapshots come from: the one interface of our own.
#pragma once

#include "agent/kernel/snapshot.h"

namespace fanfare {

class Source {
 public:
  virtual ~Source() = default;
  virtual Snapshot read(Monotonic now, Wall wall) = 0;
};

}  // namespace fanfare
