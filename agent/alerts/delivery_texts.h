// SPDX-License-Identifier: Apache-2.0
// What people read of an alert on delivery. Pure.
#pragma once

#include "agent/alerts/machine.h"
#include "agent/alerts/rules.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

// See describe() in texts.h.
Texts describe_delivery(const Symptom& symptom, const Judgement& judgement);

}  // namespace fanfare
