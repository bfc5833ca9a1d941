// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/config/text.h"

namespace fanfare {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array<Range, 6> zero_width = {{{0x0300, 0x036f},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f},
                                              {0xfe20, 0xfe2f}}};
constexpr std::array<Range, 9> double_width = {{{0x1100, 0x115f},
                                                {0x2e80, 0x303e},
                                                {0x3041, 0xa4cf},
                                                {0xac00, 0xd7a3},
                                                {0xf900, 0xfaff},
                                                {0xfe30, 0xfe6f},
                                                {0xff00, 0xff60},
                                                {0x1f300, 0x1faff},
                                                {0x20000, 0x3fffd}}};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t point) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [point](Range r) { return point >= r.first && point <= r.last; });
}

// A byte that is not UTF-8 is passed over alone, and takes one cell.
std::size_t width_in_bytes(CodePoint point) { return point.bytes == 0 ? 1 : point.bytes; }

std::size_t cells(CodePoint point) {
  if (point.bytes == 0) return 1;
  if (in(zero_width, point.value)) return 0;
  return in(double_width, point.value) ? 2 : 1;
}

}  // namespace

std::string terminal_safe(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const std::string_view bytes = text.substr(0, width_in_bytes(point));
    if (point.bytes == 0 || !is_printable(point.value)) {
      for (const char c : bytes) safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      safe += bytes;
    }
    text.remove_prefix(bytes.size());
  }
  return safe;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    width += cells(point);
    text.remove_prefix(width_in_bytes(point));
  }
  return width;
}

std::string shortened(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string kept;
  std::size_t used = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (used + cells(point) > width - 1) break;
    used += cells(point);
    kept += text.substr(0, width_in_bytes(point));
    text.remove_prefix(width_in_bytes(point));
  }
  return kept + "…";
}

}  // namespace fanfare
