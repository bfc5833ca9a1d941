// SPDX-License-Identifier: Apache-2.0
// What people read of an alert: where the chain breaks, what users feel, why with every figure, and
// what to do first. Pure.
#pragma once

#include "agent/alerts/machine.h"
#include "agent/alerts/rules.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

// Of a symptom that is ill, or well again. Printable UTF-8, whatever the names hold.
Texts describe(const Symptom& symptom, const Judgement& judgement);

}  // namespace fanfare
