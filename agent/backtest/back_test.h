// SPDX-License-Identifier: Apache-2.0
// Counts through the ratios, the detectors and the alerts of the agent, as fast as they can be
// read: what would have fired, when, and why. Pure but for what it is given to write to.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/alerts/board.h"
#include "agent/backtest/counts_line.h"
#include "agent/config/config.h"
#include "agent/ratios/judge.h"

namespace fanfare {

// An alert that has begun to fire, is over, cannot be seen any more, or has become worse.
struct AlertChange {
  double t = 0;  // as in the input
  Alert alert;
};

class BackTest {
 public:
  using Tell = std::function<void(const AlertChange&)>;
  BackTest(const Config& config, Tell tell);

  // Lines in the order of their times; those of one time are one tick. Throws BadFile where the
  // time goes back, or a shard stands twice in a tick.
  void take(CountsLine line, const std::string& where);
  // Behind the last line: judges the last tick.
  void end();

  double t() const { return t_; }
  // Of the last tick that each shard was in.
  const std::map<std::string, Judgement>& judgements() const { return last_; }

 private:
  void tick();
  void restart(bool state_kept);

  Config config_;
  Tell tell_;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<Board> board_;
  double t_ = 0;
  bool began_ = false;
  std::vector<ShardDelta> deltas_;  // of the tick at hand
  std::map<std::string, Judgement> last_;
  struct Told {
    std::string_view state;
    Severity severity;
  };
  std::map<AlertKey, Told> told_;
};

}  // namespace fanfare
