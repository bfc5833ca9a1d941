// SPDX-License-Identifier: Apache-2.0
// Text from the wire or from the agent made safe for a terminal, and how wide a terminal shows it.
// Not a Unicode library: combining marks and East Asian wide characters are known by range. What a
// terminal may print at all is decided in config/text.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanfare {

// What is not printable and what is not UTF-8 becomes \xNN for each of its bytes; nothing is cut. A
// backslash stays as it is: names of systemd units carry \x2d, and people copy them.
std::string terminal_safe(std::string_view text);

// Terminal cells that valid UTF-8 takes.
std::size_t display_width(std::string_view text);

// At most `width` cells of valid UTF-8, the last of them an ellipsis where something was cut.
std::string shortened(std::string_view text, std::size_t width);

}  // namespace fanfare
