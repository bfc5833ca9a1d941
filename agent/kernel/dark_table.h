// SPDX-License-Identifier: Apache-2.0
// The agent's side of bpf/dark.bpf.h: the open sockets that nobody follows. Included only inside
// this room.
#pragma once

#include "agent/kernel/flow_table.h"
#include "agent/kernel/probes.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

class DarkTable {
 public:
  // Both must outlive it.
  DarkTable(const Probes& probes, const FlowTable& flows) : probes_(probes), flows_(flows) {}

  // Before the flows are read: who gets a record meanwhile stands in both then, and not in neither.
  // Throws std::system_error where the map cannot be read.
  void read(Snapshot& snapshot) const;
  // After it. Drops the rows of those who have a record now, and ends those whose socket's end was
  // seen by no program: nobody holds them, and nothing has left them, for a day.
  void settle(Snapshot& snapshot) const;
  // Fills Snapshot::awaited. After settle().
  void count_awaited(Snapshot& snapshot) const;
  // Whether a scan would give some of them a record.
  bool could_be_adopted(const Snapshot& snapshot) const;

 private:
  const Probes& probes_;
  const FlowTable& flows_;
};

}  // namespace fanfare
