// SPDX-License-Identifier: Apache-2.0
// From the publishes of the configuration to what the framer of requests compares with. For the
// kernel and for replay.
#pragma once

#include <vector>

#include "agent/config/config.h"
#include "bpf/abi.h"

namespace fanfare {

// Throws StartError: more publishes than FANFARE_PUBLISHES_MAX, or a path that is too long.
fanfare_publish_set publish_set(const std::vector<Publish>& publishes);

}  // namespace fanfare
