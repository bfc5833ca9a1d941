// SPDX-License-Identifier: Apache-2.0
// What must hold after any bytes whatsoever. Aborts, so that a fuzzer keeps the input; unit tests
// use equality on known streams instead.
#pragma once

#include <cstdlib>
#include <iostream>

#include "tests/support/stream_feeder.h"

namespace fanfare::test {

inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "broken: " << what << "\n";
  std::abort();
}

inline void check_invariants(const Feeder& feeder, std::size_t bytes) {
  const fanfare_direction& d = feeder.direction();
  const Counts counted = feeder.counted();
  demand(d.off <= d.end, "the walk stays inside its segment");
  demand(d.ncarry <= 7, "a token's rest is at most seven bytes");
  demand(counted.frames <= bytes / 2, "a frame takes two bytes");
  demand(counted.events + counted.controls <= counted.frames, "a message takes a frame");
  demand(counted.control_bytes <= 125 * counted.controls, "control frames are short");
  demand(
      d.tally.by_class[FANFARE_HEARTBEAT].messages + d.tally.by_class[FANFARE_OTHER].messages == 0,
      "no other class is counted");
  demand(fanfare_bytes_passed(&d) <= bytes, "each byte once");
  demand(d.probation <= FANFARE_PROOF_FRAMES && d.unproven_frames <= FANFARE_PROOF_FRAMES,
         "probation ends");
  demand(d.stage <= FANFARE_STAGE_DISMISSED && !d.fault, "the driver has taken the fault");
  demand(!(d.frame & FANFARE_FRAME_TRIAL), "a trial lasts one segment");
}

inline void check_same(const Feeder& whole, const Feeder& split) {
  const fanfare_direction& a = whole.direction();
  const fanfare_direction& b = split.direction();
  demand(whole.counted() == split.counted(), "the same tallies");
  demand(a.stage == b.stage, "the same stage");
  demand(a.skip == b.skip && a.ncarry == b.ncarry, "the same place");
  demand(a.ncarry == 0 || a.carry == b.carry, "the same bytes carried");
  demand(a.flags == b.flags && a.frame == b.frame && a.probation == b.probation,
         "the same expectation");
  demand(a.message_bytes == b.message_bytes, "the same message in progress");
  demand(a.lost_by == b.lost_by, "the same reason for being out of step");
}

}  // namespace fanfare::test
