// SPDX-License-Identifier: Apache-2.0
// What the agent knows of its own sight at one tick. Measured each time; nothing is remembered but
// since when.
#pragma once

#include <string>

#include "agent/kernel/scope_proof.h"
#include "agent/kernel/self_check.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

struct Sight {
  bool attached = false;        // to the cgroup that has the path now
  std::string attached_text{};  // why not; after a gap, what had been so; else empty
  SelfCheckResult self_check = SelfCheckResult::not_made;
  std::string self_check_text{};
  ScopeProof scope{};
  // Nothing is counted, as far as is known: not attached, or the own message is not in the
  // counters.
  bool blind = false;
  std::chrono::nanoseconds blind_for{};   // so far
  std::chrono::nanoseconds blind_ever{};  // in sum, since the start
};

}  // namespace fanfare
