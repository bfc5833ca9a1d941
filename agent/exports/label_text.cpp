// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#include "agent/exports/label_text.h"

#include <fmt/format.h>

#include <cstddef>

namespace fanfare {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

unsigned char byte_at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
}

bool in_range(unsigned char byte, unsigned char low, unsigned char high) {
  return byte >= low && byte <= high;
}

// Length of the well-formed sequence at the front of non-empty `bytes`; 0: there is none.
// The range of the second byte is what keeps out overlong forms and surrogates (RFC 3629, 4).
std::size_t sequence_length(std::string_view bytes) {
  const unsigned char lead = byte_at(bytes, 0);
  const unsigned char second = byte_at(bytes, 1);
  const bool third = in_range(byte_at(bytes, 2), 0x80, 0xBF);
  const bool fourth = in_range(byte_at(bytes, 3), 0x80, 0xBF);
  if (lead < 0x80) {
    return 1;
  }
  if (in_range(lead, 0xC2, 0xDF)) {
    return in_range(second, 0x80, 0xBF) ? 2 : 0;
  }
  if (in_range(lead, 0xE0, 0xEF)) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return in_range(second, low, high) && third ? 3 : 0;
  }
  if (in_range(lead, 0xF0, 0xF4)) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return in_range(second, low, high) && third && fourth ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string label_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    std::size_t length = sequence_length(bytes);
    if (length == 0 || bytes.substr(0, length) == replacement) {
      text += fmt::format("{}{:02x}", replacement, byte_at(bytes, 0));
      length = 1;
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  return text;
}

}  // namespace fanfare
