// SPDX-License-Identifier: Apache-2.0
// What became of the messages to a shard's clients, as metrics.
#pragma once

#include <string_view>

#include "agent/exports/metric_families.h"

namespace fanfare {

// `shard`: the label's value.
void add_delivery(Families& families, std::string_view shard, const Delivery& delivery);

}  // namespace fanfare
