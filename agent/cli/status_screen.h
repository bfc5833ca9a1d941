// SPDX-License-Identifier: Apache-2.0
// `fanfare status`: the agent's status answer as one screen for people.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "agent/cli/table.h"

namespace fanfare {

// Throws BadAnswer where the answer lacks what the screen shows.
std::string status_screen(const boost::json::object& status, const Look& look);

}  // namespace fanfare
