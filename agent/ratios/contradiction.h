// SPDX-License-Identifier: Apache-2.0
// Figures of reach that cannot all be true. Pure: time is given.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/ratios/settled_window.h"

namespace fanfare {

// More has reached clients than was due, or nothing of what was due and only what was not: then the
// identity that is configured is not one (its bytes differ from client to client), or there is
// another source of events. Believed once it has held for a minute, each time over the minute
// before: a queue that is set free after a stop has seen more than its share for a while.
class Contradiction {
 public:
  // `known`: that events which are due are reached has been seen before.
  void advance(std::chrono::nanoseconds now, const SettledWindow::Sums& minute, bool known);
  // What contradicts what, a sentence without its point; empty where nothing does.
  const std::string& text() const { return text_; }

 private:
  std::optional<std::chrono::nanoseconds> since_;
  std::string text_;
};

}  // namespace fanfare
