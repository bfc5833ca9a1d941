// SPDX-License-Identifier: Apache-2.0
// Alerts and their receivers in words, for people at a terminal.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "agent/cli/table.h"

namespace fanfare {

// True where one of the agent's alerts fires.
bool any_firing(const boost::json::array& alerts);

// A heading and each alert: what, since when; with its reason and the first thing to do where it
// fires. "alerts: none" without any.
std::string alerts_part(const boost::json::array& alerts, const Look& look);

// Whether the Alertmanagers of the configuration take alerts, one line for each, the second and
// later ones behind `indent` blanks.
std::string alertmanagers_text(const boost::json::array& alertmanagers, std::size_t indent,
                               const Look& look);

}  // namespace fanfare
