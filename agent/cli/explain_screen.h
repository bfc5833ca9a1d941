// SPDX-License-Identifier: Apache-2.0
// The agent's explanations for people: each link with its mark, and the first broken one again with
// what to do.
#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "agent/cli/table.h"

namespace fanfare {

// Asks /proc of this host how many connections a listener has that the agent does not follow.
std::string explain_screen(const boost::json::array& chains, const Look& look);

bool any_broken(const boost::json::array& chains);

// Why the agent has no explanation for `what`, and where to look.
std::string nothing_to_explain(const std::string& what);

}  // namespace fanfare
