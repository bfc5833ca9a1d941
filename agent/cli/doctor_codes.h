// SPDX-License-Identifier: Apache-2.0
// The words behind each stable code: one table for `fanfare doctor`, `fanfare help CODE` and the
// tests. Append only, as the codes (agent/config/codes.h).
#pragma once

#include <span>
#include <string_view>

namespace fanfare {

struct DoctorCode {
  std::string_view code;         // "FF-101"
  std::string_view name;         // of the check, a few words
  std::string_view meaning;      // what is tried, and why the agent needs it
  std::string_view consequence;  // of a miss
  std::string_view remedy;       // the usual one
  bool fatal;                    // with a miss the agent does not run
};

// In the order in which doctor reports.
std::span<const DoctorCode> doctor_codes();

// nullptr where there is no such code.
const DoctorCode* find_doctor_code(std::string_view code);

}  // namespace fanfare
