// SPDX-License-Identifier: Apache-2.0
// An alert as a line of the log.
#pragma once

#include <string>

#include "agent/alerts/alert.h"

namespace fanfare {

// With why, and what to do first while it fires. Printable, whatever the names hold.
std::string log_line(const Alert& alert);

}  // namespace fanfare
