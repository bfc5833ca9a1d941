// SPDX-License-Identifier: Apache-2.0
// A share of sockets or messages that fares badly, judged in blocks of ten seconds, each of them
// one observation: what hits one socket hits its neighbours. Learns what is normal, watches for
// more. Pure: time is given.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/ratios/judgement.h"
#include "agent/ratios/learner.h"
#include "agent/ratios/loss_watch.h"

namespace fanfare {

// What happened in one tick.
struct BlockTick {
  std::chrono::nanoseconds at{};  // CLOCK_MONOTONIC of its end
  std::chrono::nanoseconds span{};
  double all = 0;         // 0: the tick says nothing
  double bad = 0;         // of `all`, in the same unit; more than all counts as all
  std::uint64_t key = 1;  // >= 1: what is normal is learned for each level of it, see Baseline
  bool usable = true;     // false: the block at hand proves nothing
};

class BlockSignal {
 public:
  // `tolerance`: of the bad share, on top of the normal one; drift within it is nobody's fault.
  BlockSignal(const char* name, double tolerance);

  // All of a Signal but its ratio. `normal` is the bad share in health, empty while learning;
  // `loss_estimate` the part of what fares well in health that does not now.
  Signal advance(const BlockTick& tick);

  const Learner& learner() const { return learner_; }
  Learner& learner() { return learner_; }
  const LossWatch& watch() const { return watch_; }
  LossWatch& watch() { return watch_; }

 private:
  struct Block {
    std::chrono::nanoseconds span{};
    double all = 0, bad = 0;
  };
  void judge(const BlockTick& last);

  const char* name_;
  double tolerance_;
  Learner learner_;
  LossWatch watch_;
  Block block_;
  double detectable_loss_ = 1;  // as of the last block
};

}  // namespace fanfare
