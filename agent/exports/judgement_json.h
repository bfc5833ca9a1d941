// SPDX-License-Identifier: Apache-2.0
// What is judged, as JSON: the signals of a shard, alerts, Alertmanagers.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "agent/exports/view.h"

namespace fanfare {

boost::json::array signal_array(const ShardView& view);

// Of the signal with the lowest relative ratio (propagation.h); null where no ratio is known.
boost::json::value worst_value(const ShardView& view);
// Of the shard that it is lowest in, with the key `shard`.
boost::json::value worst_value(const View& view);

// `now` is CLOCK_MONOTONIC; `started_seconds` and `ended_seconds` are since 1970-01-01 UTC,
// `since_seconds` is the age of the state.
boost::json::array alert_array(const View& view, Monotonic now);

boost::json::array alertmanager_array(const View& view, Monotonic now);

// The body of /api/v1/alerts, worst first.
std::string alerts_json(const View& view, Monotonic now);

}  // namespace fanfare
