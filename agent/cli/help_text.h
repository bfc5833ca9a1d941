// SPDX-License-Identifier: Apache-2.0
// The commands with what their --help says beside the flags. Only text; a test holds it complete.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

struct CommandText {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view details;  // what it does, exit codes, an example
};

const std::vector<CommandText>& command_texts();

// Commands of the contract that a later version brings.
const std::vector<std::string>& planned_commands();

// Names of all commands, planned ones too.
std::vector<std::string> command_names();

// `fanfare --help`.
std::string overview();

}  // namespace fanfare
