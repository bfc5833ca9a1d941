// SPDX-License-Identifier: Apache-2.0
// A view as Prometheus metrics. Pure: nothing is kept between scrapes, so nothing can be counted
// twice. What each metric means stands in metrics_catalogue.h.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "agent/exports/view.h"

namespace fanfare {

// In the order of the catalogue; a family without a sample (no shard yet, coverage unknown) is left
// out. Values are doubles, as in Prometheus itself: counts are exact up to 2^53, which a million
// messages a second reach after 285 years.
std::vector<prometheus::MetricFamily> collect(const View& view);

// The same in the text format, version 0.0.4.
std::string metrics_text(const View& view);

}  // namespace fanfare
