// SPDX-License-Identifier: Apache-2.0
// A file that cannot be replayed; the text names it, says what is wrong and what to do. Exit
// code 2.
#pragma once

#include <stdexcept>

namespace fanfare {

struct BadFile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace fanfare
