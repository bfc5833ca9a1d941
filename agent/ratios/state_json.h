// SPDX-License-Identifier: Apache-2.0
// What must outlive a restart of the agent, as JSON: what is normal, and what is lost. No times of
// CLOCK_MONOTONIC, no cohorts in flight.
#pragma once

#include <boost/json.hpp>

#include "agent/ratios/shard_judge.h"

namespace fanfare {

boost::json::object to_json(const EventSignal& signal);
boost::json::object to_json(const PeerSignal& signal);
boost::json::object to_json(const DeliveryJudge& delivery);
// Not the rooms themselves: those that live are known again within minutes.
boost::json::object to_json(const RoomJudge& rooms);

// Throw std::exception (of Boost.JSON, or std::invalid_argument for a number out of its range)
// where the value is not what to_json gives; the signal is then half-filled and to be thrown away.
void from_json(const boost::json::value& json, EventSignal& signal);
void from_json(const boost::json::value& json, PeerSignal& signal);
void from_json(const boost::json::value& json, DeliveryJudge& delivery);
void from_json(const boost::json::value& json, RoomJudge& rooms);

}  // namespace fanfare
