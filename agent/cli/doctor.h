// SPDX-License-Identifier: Apache-2.0
// `fanfare doctor`: gathers the facts of this host by trying, has them judged, prints the report
// and writes the bundle.
#pragma once

#include <ostream>
#include <string>

#include "agent/cli/command.h"
#include "agent/cli/doctor_checks.h"
#include "agent/config/config.h"

namespace fanfare {

// Takes about a second. Nothing stays behind but the bundle. Exit code of the command; ConfigError
// where a flag has a bad value.
int run_doctor(const DoctorCommand& command, const Look& look, const std::string& version,
               std::ostream& out, std::ostream& err);

}  // namespace fanfare
