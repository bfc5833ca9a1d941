// SPDX-License-Identifier: Apache-2.0
// What `fanfare replay` found, for people.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "agent/cli/table.h"

namespace fanfare {

// `result` as `fanfare replay -o json` prints it (agent/replay_command.h).
std::string replay_report(const boost::json::object& result, const Look& look);

// True where an alert began to fire.
bool any_fired(const boost::json::object& result);

}  // namespace fanfare
