// SPDX-License-Identifier: Apache-2.0
// The questions of `fanfare top` to the agent, at most one at a time and beside the keys: an agent
// that hangs must not take the keys with it.
#pragma once

#include <future>
#include <optional>
#include <string>
#include <variant>

#include "agent/cli/top_data.h"

namespace fanfare::top {

struct Question {
  std::string opened;  // shard whose sockets and peers are wanted; empty: none
  bool past = true;    // its 15 minutes, or those of all
};

// Seconds of CLOCK_MONOTONIC.
double steady_seconds();

// Throws AgentUnreachable, BadAnswer. The same as JSON: one object with the agent's own answers.
Bodies ask_bodies(const std::string& admin, const Question& question);
Answer ask(const std::string& admin, const Question& question);

// An answer, or in a sentence why there is none.
using Outcome = std::variant<Answer, std::string>;

class Asker {
 public:
  // `interval` in seconds between questions; asking takes at most a tenth of the time.
  Asker(std::string admin, double interval) : admin_(std::move(admin)), interval_(interval) {}

  // Asks when it is time and nothing is under way, at once where `opened` is not what was asked
  // for last.
  void ask_when_due(const std::string& opened, double now);
  std::optional<Outcome> outcome();

 private:
  std::string admin_;
  double interval_;
  std::future<Outcome> under_way_;
  std::optional<std::string> asked_for_;
  double next_ = 0;
  double next_past_ = 0;
};

}  // namespace fanfare::top
