// SPDX-License-Identifier: Apache-2.0
// Why the agent cannot start: thrown once, caught once in main, printed as "what; remedy". Nothing
// throws it after the start; a running agent counts.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace fanfare {

// Exit codes of the command line's contract that a start-up failure can have.
inline constexpr int exit_usage = 2;   // usage or configuration
inline constexpr int exit_kernel = 4;  // kernel or permission lacking

class StartError : public std::runtime_error {
 public:
  // `what` says what is wrong and why; `remedy_text` the one thing that mends it, as an imperative.
  // `help` is one of codes.h where more can be read, or empty.
  StartError(const std::string& what, std::string remedy_text, int exit, std::string_view help = {})
      : std::runtime_error(what), remedy(std::move(remedy_text)), exit_code(exit), code(help) {}

  std::string remedy;
  int exit_code;
  std::string code;
};

}  // namespace fanfare
