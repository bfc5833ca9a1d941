// SPDX-License-Identifier: Apache-2.0
// Checks as text for people and as JSON for programs. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "agent/cli/doctor_checks.h"
#include "agent/cli/table.h"

namespace fanfare {

// `head` is the first line. Marks: √ fine, ‼ warning, × miss, - skipped; in ASCII where the locale
// shows no more.
std::string doctor_text(const std::string& head, const std::vector<Check>& checks,
                        const Look& look);

// {"version","node","kernel","checks":[{"code","name","result","seen","cause","consequence",
// "remedy"}],"verdict"}; what a check does not have is null.
boost::json::object doctor_json(const DoctorFacts& facts, const std::vector<Check>& checks,
                                const std::string& version);

}  // namespace fanfare
