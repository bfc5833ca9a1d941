// SPDX-License-Identifier: Apache-2.0
// The agent's flags that win over the configuration file. Same rules as the file's keys; an error
// names the flag instead of a line.
#pragma once

#include <optional>
#include <string>

#include "agent/config/config.h"
#include "agent/config/config_error.h"

namespace fanfare {

struct Overrides {
  std::optional<std::string> listen = {};
  std::optional<std::string> admin = {};
  std::optional<std::string> cgroup = {};
  std::optional<std::string> node = {};
};

// Throws ConfigError, e.g. `--listen: 'x' is not a listen address; allowed: ...`.
Config with_overrides(Config config, const Overrides& overrides);

}  // namespace fanfare
