// SPDX-License-Identifier: Apache-2.0
// What a person calls a running program: of an interpreter the script that it runs, of all else the
// executable. Pure. No argument behind the script, and no value of an option, ever gets into a
// name: they may be secrets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

inline constexpr std::size_t longest_program_name = 64;  // bytes

// The arguments of /proc/PID/cmdline, each ended by a 0; at most 1,024.
std::vector<std::string> arguments_of(std::string_view cmdline);

// "gunicorn chat:app", "node server.js", "java chat.jar", "nginx". `exe` is a path; where it is
// empty, the first argument stands for it. Empty where neither names anything.
std::string program_name(std::string_view exe, const std::vector<std::string>& arguments);

// A worker that Python's multiprocessing has started: its parent knows the script.
bool is_spawned_worker(const std::vector<std::string>& arguments);

}  // namespace fanfare
