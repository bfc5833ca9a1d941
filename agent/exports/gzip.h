// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace fanfare {

// As Content-Encoding: gzip, at the level that costs the agent's one thread least. libz is in the
// process anyway (libelf and libarchive need it). Empty where it cannot be made.
std::string gzip(std::string_view text);

}  // namespace fanfare
