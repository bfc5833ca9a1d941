// SPDX-License-Identifier: Apache-2.0
// Lines of styled text, and the small plots: what `fanfare top` paints, without a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/table.h"
#include "agent/cli/top_data.h"

namespace fanfare::top {

struct Style {
  Tone tone = Tone::plain;
  bool bold = false;
  bool dim = false;
  bool reverse = false;
  bool operator==(const Style&) const = default;
};

struct Span {
  std::string text;  // safe for a terminal
  Style style{};
};

using Line = std::vector<Span>;

std::string text_of(const Line& line);
std::size_t width_of(const Line& line);

// At most `columns` cells, and where `fill` exactly so many.
Line fitted(Line line, std::size_t columns, bool fill);

// Every character that is not ASCII gives way to one that is, cell for cell.
std::string ascii_text(std::string_view text);

// Events out of the last 15 minutes in `cells` cells, the newest at the right, scaled to the
// highest; a blank where nothing is known, red where an alert fired. `newest` is the unix time of
// the newest step of any shard.
Line sparkline(const std::vector<Bar>& bars, std::int64_t newest, std::int64_t step_seconds,
               std::size_t cells, bool ascii);

}  // namespace fanfare::top
