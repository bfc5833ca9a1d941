// SPDX-License-Identifier: Apache-2.0
// Walks a file's tree along the table of keys: the walk decides what is unknown, given twice,
// missing or of the wrong shape; the values' own rules stand in config_values.h.
#pragma once

#include <span>

#include "agent/config/config.h"
#include "agent/config/config_error.h"
#include "agent/config/config_keys.h"
#include "agent/config/yaml_reader.h"

namespace fanfare {

// Stores in `config` what `node` gives for `keys`. Throws ConfigError at the first fault.
void read_section(Config& config, const YamlNode& node, const Place& place,
                  std::span<const Key> keys);

}  // namespace fanfare
