// SPDX-License-Identifier: Apache-2.0
// Text that comes from a file or a command line and goes to a terminal: is it UTF-8, is it fit to
// print, how far is it from a word that we know. Knows nothing of YAML or of configuration.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fanfare {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: no valid UTF-8 here
};

// The first code point of a text that is not empty; surrogates and overlong forms are not valid.
CodePoint first_code_point(std::string_view text);

// No control character and none that reorders or hides what stands beside it.
bool is_printable(char32_t point);

// All of the text is valid UTF-8 and printable; an empty text is.
bool is_printable(std::string_view text);

// For messages: what is not printable becomes \xNN, and a long text ends in "...".
std::string escaped(std::string_view text);

// The escaped text in single quotes; whole numbers stay bare.
std::string quoted(std::string_view text);

// The candidate that is at most two slips away, or empty.
std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);

// "a, b, c"
std::string joined(std::span<const std::string_view> words);

}  // namespace fanfare
