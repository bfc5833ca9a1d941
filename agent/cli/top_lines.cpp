// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_lines.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/cli/escape.h"
#include "agent/config/text.h"

namespace fanfare::top {
namespace {

constexpr std::int64_t shown_seconds = 900;

// From nothing to the highest.
constexpr std::array<std::string_view, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> strokes{"_", ".", ":", "-", "=", "+", "*", "#"};

struct Bucket {
  double sum = 0;
  std::size_t known = 0;
  bool firing = false;
  double mean() const { return known == 0 ? 0 : sum / static_cast<double>(known); }
};

std::vector<Bucket> buckets_of(const std::vector<Bar>& bars, std::int64_t newest,
                               std::size_t cells) {
  std::vector<Bucket> buckets(cells);
  for (const Bar& bar : bars) {
    const std::int64_t age = newest - bar.at;
    if (age < 0 || age >= shown_seconds) continue;
    const auto back =
        static_cast<std::size_t>(age * static_cast<std::int64_t>(cells) / shown_seconds);
    Bucket& bucket = buckets.at(cells - 1 - back);
    bucket.firing = bucket.firing || bar.firing > 0;
    if (!bar.events_out) continue;
    bucket.sum += *bar.events_out;
    ++bucket.known;
  }
  return buckets;
}

}  // namespace

std::string text_of(const Line& line) {
  std::string text;
  for (const Span& span : line) text += span.text;
  return text;
}

std::size_t width_of(const Line& line) {
  std::size_t width = 0;
  for (const Span& span : line) width += display_width(span.text);
  return width;
}

Line fitted(Line line, std::size_t columns, bool fill) {
  Line kept;
  std::size_t left = columns;
  for (Span& span : line) {
    if (left == 0) break;
    span.text = shortened(span.text, left);
    left -= std::min(left, display_width(span.text));
    kept.push_back(std::move(span));
  }
  if (fill && left > 0)
    kept.push_back({std::string(left, ' '), kept.empty() ? Style{} : kept.back().style});
  return kept;
}

std::string ascii_text(std::string_view text) {
  std::string ascii;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(point.bytes, 1));
    if (point.bytes == 1) {
      ascii += bytes;
    } else {
      ascii += bytes == "…" ? "~" : std::string(display_width(bytes), '?');
    }
    text.remove_prefix(bytes.size());
  }
  return ascii;
}

Line sparkline(const std::vector<Bar>& bars, std::int64_t newest, std::int64_t step_seconds,
               std::size_t cells, bool ascii) {
  // A cell that is finer than a step would stay blank.
  const auto steps =
      static_cast<std::size_t>(shown_seconds / std::max<std::int64_t>(step_seconds, 1));
  const std::size_t drawn = std::min(cells, steps);
  const auto buckets = buckets_of(bars, newest, drawn);
  double highest = 0;
  for (const Bucket& bucket : buckets) highest = std::max(highest, bucket.mean());
  const auto& glyphs = ascii ? strokes : blocks;

  Line line{{std::string(cells - drawn, ' '), {}}};
  for (const Bucket& bucket : buckets) {
    std::string_view glyph = " ";
    if (bucket.known > 0) {
      // Only what is nothing at all looks like nothing.
      const double share = highest > 0 ? bucket.mean() / highest : 0;
      glyph = glyphs.at(share > 0 ? 1 + static_cast<std::size_t>(share * 6) : 0);
    }
    const Style style{.tone = bucket.firing ? Tone::bad : Tone::plain};
    if (line.back().style == style)
      line.back().text += glyph;
    else
      line.push_back({std::string(glyph), style});
  }
  return line;
}

}  // namespace fanfare::top
