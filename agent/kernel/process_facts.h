// SPDX-License-Identifier: Apache-2.0
// What /proc says of a process. Empty where it is gone or may not be read. Included only inside
// this room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fanfare {

std::string executable_of(std::uint32_t pid);
std::vector<std::string> command_line_of(std::uint32_t pid);
std::uint32_t parent_of(std::uint32_t pid);  // 0: none

// Its path in a hierarchy of cgroup v1 that names a container; empty on hosts with v2 alone.
std::string v1_path_of(std::uint32_t pid);

// What a person calls it, see program_name.h. `arguments` and `exe` are of the process; a worker
// that has no name of its own goes by its parent's.
std::string program_of(const std::string& exe, const std::vector<std::string>& arguments,
                       std::uint32_t parent);

}  // namespace fanfare
