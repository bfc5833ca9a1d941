// SPDX-License-Identifier: Apache-2.0
// Which libbpf is loaded: the first question of every report of a kernel that refuses a program.
#pragma once

#include <string>

namespace fanfare {

std::string libbpf_version();  // "1.1"

}  // namespace fanfare
