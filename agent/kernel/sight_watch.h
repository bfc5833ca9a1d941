// SPDX-License-Identifier: Apache-2.0
// Looks each tick whether the programs are attached and count, and attaches them again.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "agent/kernel/probes.h"
#include "agent/kernel/self_check.h"
#include "agent/kernel/sight.h"

namespace fanfare {

class SightWatch {
 public:
  // What is given must outlive it.
  SightWatch(const CgroupTarget& cgroup, Probes& probes, const FlowTable& flows);

  // After the programs have been attached; waits for the proof of scope.
  void begin(Monotonic now, std::set<std::uint16_t> ports);

  enum class Outcome { as_before, attached_again };
  // `attached_again`: sockets are to be adopted anew, and what has a record has a hole in it.
  Outcome advance(Monotonic now);

  void avoid(std::set<std::uint16_t> ports) { check_.avoid(std::move(ports)); }
  const Sight& sight() const { return sight_; }

 private:
  bool mend(Monotonic now, const Attachment& found);
  void settle(Monotonic now);

  CgroupTarget cgroup_;
  Probes& probes_;
  SelfCheck check_;
  Sight sight_;
  bool to_be_proven_ = false;  // attached again, and no message has been looked for since
  std::uint64_t results_ = 0;  // of check_ when that was so
  Monotonic looked_{};         // the last tick
  Monotonic all_well_{};       // the last tick at which all was proven to be well
  Monotonic mended_{};         // when all was attached once more though it seemed to be
};

}  // namespace fanfare
