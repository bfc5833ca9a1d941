// SPDX-License-Identifier: Apache-2.0
// What a judgement says to the alerts on delivery: acks, closes, silent and stuck sockets, accepted
// events, sockets that leave at once, and our own bookkeeping. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "agent/alerts/rules.h"

namespace fanfare {

bool is_of_delivery(std::string_view alert_name);

// See signal_of().
std::string_view signal_of_delivery(std::string_view alert_name);

// One for each such alert that the judgement can speak to. The judgement must outlive them.
void add_delivery_symptoms(const Judgement& judgement, std::vector<Symptom>& found);

}  // namespace fanfare
