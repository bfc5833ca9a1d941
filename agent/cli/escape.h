// SPDX-License-Identifier: Apache-2.0
// Text from the wire or from the agent made safe for a terminal, and how wide a terminal shows it.
// Not a Unicode library: combining marks and East Asian wide characters are known by range.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanfare {

// Control characters (C0, DEL, C1), characters that reorder or break lines, and bytes that are not
// UTF-8 become \xNN, one for each byte. A backslash stays: names of systemd units carry \x2d.
std::string escaped(std::string_view text);

// Terminal cells that valid UTF-8 takes.
std::size_t display_width(std::string_view text);

// At most `width` cells of valid UTF-8, the last of them an ellipsis where something was cut.
std::string shortened(std::string_view text, std::size_t width);

}  // namespace fanfare
