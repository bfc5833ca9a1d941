// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/text_wrap.h"

#include <sstream>

#include "agent/cli/escape.h"

namespace fanfare {

std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
  const std::string margin(indent, ' ');
  std::istringstream words{std::string(text)};
  std::string all;
  std::string line;
  for (std::string word; words >> word;) {
    const std::size_t longer = indent + display_width(line) + 1 + display_width(word);
    if (!line.empty() && columns > 0 && longer > columns) {
      all += margin + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? all : all + margin + line + "\n";
}

std::string wrapped_after(std::string_view head, Tone tone, std::string_view text,
                          std::size_t indent, const Look& look) {
  const std::string label = std::string(head) + ":";
  std::string all = wrapped(label + " " + std::string(text), indent, look.columns);
  // Wrapped before it is painted: a terminal does not show the bytes of a colour.
  if (all.compare(indent, label.size(), label) == 0) {
    all.replace(indent, label.size(), painted(label, tone, look));
  }
  return all;
}

}  // namespace fanfare
