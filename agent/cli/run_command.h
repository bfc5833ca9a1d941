// SPDX-License-Identifier: Apache-2.0
// Does what a Command says, all but running the agent. Data goes to `out`, talk to `err`; the
// result is the exit code.
#pragma once

#include <ostream>

#include "agent/cli/command.h"

namespace fanfare {

// Not for AgentCommand: main runs the daemon.
int run_command(const Command& command, std::ostream& out, std::ostream& err);

}  // namespace fanfare
