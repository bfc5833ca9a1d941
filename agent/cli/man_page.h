// SPDX-License-Identifier: Apache-2.0
// fanfare(1), made of what the commands say of themselves. Pure.
#pragma once

#include <string>

namespace fanfare {

// In the man macros, for `man -l` and packages.
std::string man_page(const std::string& version);

}  // namespace fanfare
