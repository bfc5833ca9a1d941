// SPDX-License-Identifier: Apache-2.0
// The configuration for people and editors: what is in force, and what may be written. Reads
// nothing.
#pragma once

#include <string>

#include "agent/config/config.h"

namespace fanfare {

// YAML that parse_config() turns into an equal Config again; defaults are spelled out. Passwords
// are not shown: `***` stands for each.
std::string config_show(const Config& config);

// JSON Schema (draft 2020-12), printed from the table of keys.
std::string config_schema();

}  // namespace fanfare
