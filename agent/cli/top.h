// SPDX-License-Identifier: Apache-2.0
// `fanfare top`: the live view, and one plain screen of it.
#pragma once

#include <ostream>

#include "agent/cli/command.h"

namespace fanfare {

// Returns the exit code. Throws AgentUnreachable and BadAnswer where the first question has no
// answer; an agent that goes away later is waited for.
int run_top(const TopCommand& command, const Look& look, std::ostream& out, std::ostream& err);

}  // namespace fanfare
