// SPDX-License-Identifier: Apache-2.0
// Whether the server of an expected shard is there: a deploy that fails before its process listens
// has no socket that could be counted. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

struct Presence {
  // It should be on this host: `expected: true`, and with match.pod_labels a pod of this node that
  // has them, has not ended and has not been asked to go. False before the first owner scan and
  // where that does not see all processes.
  bool expected = false;
  std::uint64_t listeners = 0;  // that belong to it, as of the owner scan
  // That nobody listens cannot be told: the pods have not been listed, a listener runs in a pod
  // that is not known (yet) and may be it, or the scan is old.
  bool unsure = false;
  bool operator==(const Presence&) const = default;
};

enum class Absence { no, unsure, yes };

// By place in `rules`. A listener belongs to a shard as its sockets do, see matching_rule().
std::vector<Presence> presences_of(const std::vector<ShardRule>& rules, const Owners& owners,
                                   const PodTable& pods);

// What one owner scan after the other said of a shard. Scans are rationed: on a host with millions
// of open files there are minutes between two of them, and what one has seen in the middle of a
// restart must not stand for all that time.
class PresenceWatch {
 public:
  // `scanned`: when `now` was seen. `by_new_scan`: else it is of new pods or of new rules.
  void see(const Presence& now, Monotonic scanned, bool by_new_scan);

  // As seen last; unsure where nobody listened at one scan alone, and that is long ago.
  Presence at(Monotonic now) const;

 private:
  Presence seen_;
  Monotonic scanned_{};
  Monotonic missed_since_{};  // the first scan of those in a row that missed it; 0: none yet
};

}  // namespace fanfare
