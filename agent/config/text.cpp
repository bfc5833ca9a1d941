// SPDX-License-Identifier: Apache-2.0
// UTF-8 by the table of RFC 3629, and the printing rules of text.h.
#include "agent/config/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace fanfare {
namespace {

struct Lead {
  unsigned char first, last;  // range of lead bytes
  std::size_t bytes;
  char32_t least;  // smaller values are overlong forms
};

constexpr std::array<Lead, 4> leads{{
    {0x00, 0x7f, 1, 0x0},
    {0xc2, 0xdf, 2, 0x80},
    {0xe0, 0xef, 3, 0x800},
    {0xf0, 0xf4, 4, 0x10000},
}};

struct Range {
  char32_t first, last;
};

constexpr std::array<Range, 8> not_printable{{
    {0x00, 0x1f},
    {0x7f, 0x9f},
    {0x200b, 0x200f},  // no width; direction marks
    {0x2028, 0x202e},  // line and paragraph separators; direction overrides
    {0x2060, 0x206f},  // no width; direction isolates
    {0xfeff, 0xfeff},  // byte order mark
    {0xfff0, 0xfffb},  // specials, interlinear marks
    {0xfffe, 0xffff},
}};

constexpr std::size_t longest_quote = 80;  // bytes of a value that a message repeats

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Edit distance in which two swapped neighbours are one slip (optimal string alignment).
std::size_t slips(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> cost((a.size() + 1) * width);
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      std::size_t& here = cost[i * width + j];
      if (i == 0 || j == 0) {
        here = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      here = std::min({cost[(i - 1) * width + j] + 1, cost[i * width + j - 1] + 1,
                       cost[(i - 1) * width + j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        here = std::min(here, cost[(i - 2) * width + j - 2] + 1);
    }
  }
  return cost.back();
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const auto* kind = std::find_if(leads.begin(), leads.end(),
                                  [&](Lead l) { return lead >= l.first && lead <= l.last; });
  if (kind == leads.end() || text.size() < kind->bytes) return {};
  if (kind->bytes == 1) return {lead, 1};
  char32_t value = lead & (0xffU >> (kind->bytes + 1));
  for (std::size_t i = 1; i < kind->bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return {};
    value = (value << 6) | (next & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kind->least || value > 0x10ffff || surrogate) return {};
  return {value, kind->bytes};
}

bool is_printable(char32_t point) {
  return std::none_of(not_printable.begin(), not_printable.end(),
                      [=](Range r) { return point >= r.first && point <= r.last; });
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.bytes == 0 || !is_printable(point.value)) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    if (out.size() >= longest_quote) return out + "...";
    const CodePoint point = first_code_point(text);
    const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
    if (point.bytes > 0 && is_printable(point.value)) {
      out += text.substr(0, bytes);
    } else {
      for (const char c : text.substr(0, bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
      }
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string quoted(std::string_view text) {
  return only_digits(text) ? escaped(text) : '\'' + escaped(text) + '\'';
}

std::string_view closest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t least = 3;
  for (const std::string_view candidate : candidates) {
    // Words whose lengths differ by more are further away; this also bounds the table's size.
    if (word.size() > candidate.size() + 2 || candidate.size() > word.size() + 2) continue;
    const std::size_t distance = slips(word, candidate);
    if (distance < least && distance < candidate.size() / 2 + 1) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

}  // namespace fanfare
