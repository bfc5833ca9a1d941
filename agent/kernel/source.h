// SPDX-License-Identifier: Apache-2.0
// Where snapshots come from: the one interface of our own.
#pragma once

#include "agent/kernel/snapshot.h"

namespace fanfare {

class Source {
 public:
  virtual ~Source() = default;
  // `spent`: a snapshot that nobody needs any more; its memory may be used again (20 MB at 50,000
  // sockets, dear to allocate each second).
  virtual Snapshot read(Monotonic now, Wall wall, Snapshot spent = {}) = 0;
};

}  // namespace fanfare
