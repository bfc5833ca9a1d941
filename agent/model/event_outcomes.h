// SPDX-License-Identifier: Apache-2.0
// From the events that the kernel side has told of at a tick to what became of them by shard.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"
#include "agent/model/events.h"

namespace fanfare {

// By shard name. `rules` are those of the places in the records; shards without rooms have none.
std::map<std::string, EventOutcomes> event_outcomes(const std::vector<ToldEvent>& told,
                                                    const std::vector<ShardRule>& rules);

}  // namespace fanfare
