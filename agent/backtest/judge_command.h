// SPDX-License-Identifier: Apache-2.0
// `fanfare judge`: a back-test of counts, from a file or from standard input.
#pragma once

#include <istream>
#include <ostream>

#include "agent/cli/command.h"

namespace fanfare {

// Exit code: 0 nothing fired, 1 something did, 2 the input is not what it must be (then what stands
// before has been told). Throws ConfigError, BadFile.
int run_judge(const JudgeCommand& command, const Look& look, std::istream& standard_input,
              std::ostream& out);

}  // namespace fanfare
