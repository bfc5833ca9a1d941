// SPDX-License-Identifier: Apache-2.0
// `fanfare agent`: start, a tick each second, reload, stop. One thread, one io_context.
#pragma once

#include <optional>
#include <string>

#include "agent/config/overrides.h"

namespace fanfare {

// Runs until SIGTERM or SIGINT; returns the exit code. Throws StartError and ConfigError before the
// first tick, nothing after it. `record_to`: the directory of a recording.
int run_agent(const std::optional<std::string>& config_file, const Overrides& overrides,
              const std::optional<std::string>& record_to, const std::string& version);

}  // namespace fanfare
