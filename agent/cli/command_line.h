// SPDX-License-Identifier: Apache-2.0
// Words of the shell -> a Command. Never prints, never exits, never throws for bad input: what
// cannot be obeyed comes back as a Refusal.
#pragma once

#include <string>
#include <vector>

#include "agent/cli/command.h"
#include "agent/cli/surroundings.h"

namespace fanfare {

// `words` without the program's name.
Command parse_command_line(const std::vector<std::string>& words, const Surroundings& around);

}  // namespace fanfare
