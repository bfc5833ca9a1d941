// SPDX-License-Identifier: Apache-2.0
// What people read where an alert cannot be judged, or ends without a proof of recovery. Pure.
#pragma once

#include <string>

#include "agent/alerts/rules.h"
#include "agent/model/shards.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

// What is missing for a verdict at this tick; empty where nothing is. A part of a sentence.
std::string missing_text(const Symptom& symptom, const Judgement& judgement);

// A sentence. The epoch: no socket was open since the agent's start.
std::string gone_text(Wall last_socket);
std::string ended_text(const EndedShard& shard);

}  // namespace fanfare
