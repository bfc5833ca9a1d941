// SPDX-License-Identifier: Apache-2.0
// Metrics of what is judged: events, ratios, evidence, alerts.
#pragma once

#include "agent/exports/metric_families.h"

namespace fanfare {

void add_propagation(Families& families, const ShardView& view);

// Every kind of alert, also those that do not fire; posts to every Alertmanager.
void add_alerts(Families& families, const View& view);

}  // namespace fanfare
