// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/verifier_words.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <vector>

namespace fanfare {
namespace {

constexpr std::string_view begin_mark = "-- BEGIN PROG LOAD LOG --";
constexpr std::string_view end_mark = "-- END PROG LOAD LOG --";
constexpr std::size_t lines_shown = 3, line_bytes_shown = 160;

// Figures that stand below the reason.
bool is_figure(std::string_view line) {
  constexpr std::array<std::string_view, 4> beginnings{"processed ", "verification time ",
                                                       "stack depth ", "subprog "};
  return std::ranges::any_of(
      beginnings, [&](std::string_view beginning) { return line.starts_with(beginning); });
}

// Behind the last "prog '" before the mark.
std::string program_before(std::string_view log, std::size_t mark) {
  constexpr std::string_view word = "prog '";
  const auto at = log.substr(0, mark).rfind(word);
  if (at == std::string_view::npos) return {};
  const auto name = log.substr(at + word.size());
  return std::string(name.substr(0, name.find('\'')));
}

std::string cut(const std::string& line) {
  return line.size() <= line_bytes_shown ? line : line.substr(0, line_bytes_shown) + "...";
}

}  // namespace

VerifierWords verifier_words(const std::string& libbpf_log) {
  const auto begin = libbpf_log.rfind(begin_mark);
  const auto end = libbpf_log.rfind(end_mark);
  if (end == std::string::npos) return {};
  // The log may have been cut at its beginning.
  const std::size_t from =
      begin == std::string::npos || begin > end ? 0 : begin + begin_mark.size();
  std::istringstream text(libbpf_log.substr(from, end - from));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);)
    if (line.find_first_not_of(' ') != std::string::npos && !is_figure(line)) lines.push_back(line);
  VerifierWords words;
  const std::size_t first = lines.size() > lines_shown ? lines.size() - lines_shown : 0;
  for (std::size_t i = first; i < lines.size(); ++i)
    words.last += (words.last.empty() ? "" : "\n") + cut(lines[i]);
  if (words.spoke()) words.program = program_before(libbpf_log, end);
  return words;
}

}  // namespace fanfare
