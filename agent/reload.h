// SPDX-License-Identifier: Apache-2.0
// What a running agent can take over from a changed configuration.
#pragma once

#include <string>

#include "agent/config/config.h"

namespace fanfare {

// The first key that differs and that a running agent cannot change; empty where there is none.
std::string fixed_key_changed(const Config& before, const Config& after);

}  // namespace fanfare
