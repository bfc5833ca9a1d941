// SPDX-License-Identifier: Apache-2.0
// `fanfare selftest`: known traffic on the loopback, then the agent's counters must agree to the
// last message. The traffic itself is in selftest_traffic.h.
#pragma once

#include <ostream>

#include "agent/cli/command.h"

namespace fanfare {

// The exit code. Throws AgentUnreachable and BadAnswer.
int run_selftest(const SelftestCommand& command, const Look& look, std::ostream& out,
                 std::ostream& err);

}  // namespace fanfare
