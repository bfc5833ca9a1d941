// SPDX-License-Identifier: Apache-2.0
// The terminal of `fanfare top`: the one place that knows ncurses. Paints lines, reads keys.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/cli/top_lines.h"
#include "agent/cli/top_state.h"

namespace fanfare::top {

// The terminal cannot show a live view; the text says why and what to do.
struct UnfitTerminal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// True where the terminal and the locale show UTF-8 with block elements. Sets LC_CTYPE from the
// environment.
bool shows_utf8();

// One at a time. Takes the whole screen until it is destroyed, then leaves it as it was.
class Terminal {
 public:
  explicit Terminal(bool color);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Waits for a key, a resize or a signal; Key::none where none came in time.
  Press press(std::chrono::milliseconds patience);
  // Ctrl-C, SIGTERM or SIGHUP came, or the terminal is gone.
  bool ended() const;
  // The signal that asked for the end; 0 where none did.
  int signal() const;

  Size size() const;
  void paint(const std::vector<Line>& lines);

 private:
  bool color_ = false;
  bool gone_ = false;
};

}  // namespace fanfare::top
