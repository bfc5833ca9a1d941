// SPDX-License-Identifier: Apache-2.0
// What can be typed after a command, read off its own --help: the one source of the man page and
// of the completions. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

struct FlagText {
  std::vector<std::string> names;    // "-o", "--output"
  std::string value;                 // "PATH", "table|json"; empty for a switch
  std::string meaning;               // one line
  std::vector<std::string> choices;  // the values allowed, where they are few
};

struct CommandUsage {
  std::string name;  // with its word: "config show"
  std::string summary;
  std::string help;      // all that --help prints
  std::string argument;  // "FILE", "WHAT"; empty without one
  std::vector<FlagText> flags;
};

// Of every command, those of `config` apart, in the order of the overview.
std::vector<CommandUsage> command_usages();

// The flags in a help text as CLI11 prints it.
std::vector<FlagText> flags_in(std::string_view help);

}  // namespace fanfare
