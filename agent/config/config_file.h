// SPDX-License-Identifier: Apache-2.0
// The configuration file to a validated Config. All or nothing: the first fault throws ConfigError
// with file, line, key and what is allowed, and nothing has been applied. What the contract knows
// but this version does not do is refused, never ignored.
#pragma once

#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "agent/config/config_error.h"

namespace fanfare {

Config load_config_file(const std::string& path);

// `file_name` is only for the messages. An empty text gives the defaults.
Config parse_config(std::string_view yaml, std::string_view file_name);

}  // namespace fanfare
