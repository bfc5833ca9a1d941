// SPDX-License-Identifier: Apache-2.0
// What the command line needs to know of the process: its terminal, its environment, its version.
// Tests give literals.
#pragma once

#include <cstddef>
#include <string>

namespace fanfare {

struct Surroundings {
  std::size_t columns = 0;   // cells of the terminal behind the output; 0: not a terminal
  bool color_wanted = true;  // false where NO_COLOR is set or TERM is "dumb"
  bool utf8 = true;          // false where the locale is not one of UTF-8
  std::string version = "unknown";
};

// Of the file descriptor that carries the output; `version` is the caller's.
Surroundings look_around(int output_fd, std::string version);

}  // namespace fanfare
