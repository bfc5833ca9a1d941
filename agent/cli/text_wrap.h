// SPDX-License-Identifier: Apache-2.0
// Sentences broken at blanks to fit a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/cli/table.h"

namespace fanfare {

// Every line begins with `indent` blanks and ends with a newline, and takes at most `columns` cells
// where its words allow; a longer word stands alone. 0 columns: one line.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns);

// The same with a coloured `head` before the text, "HEAD: TEXT"; `head` has no blanks at its ends.
std::string wrapped_after(std::string_view head, Tone tone, std::string_view text,
                          std::size_t indent, const Look& look);

}  // namespace fanfare
