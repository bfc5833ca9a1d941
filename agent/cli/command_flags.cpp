// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/command_flags.h"

#include <algorithm>
#include <sstream>

#include "agent/cli/command_line.h"
#include "agent/cli/help_text.h"

namespace fanfare {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::istringstream in{std::string(text)};
  for (std::string part; std::getline(in, part, at);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

// "  --admin PATH=/run/a.sock  meaning" or without the meaning, which then stands on the next line.
FlagText read_flag(std::string_view line) {
  FlagText flag;
  const std::string text = trimmed(line);
  const auto end = text.find("  ");
  const std::string usage = text.substr(0, end);
  if (end != text.npos) flag.meaning = trimmed(text.substr(end));
  const auto blank = usage.find(' ');
  flag.names = split(usage.substr(0, blank), ',');
  if (blank != usage.npos) flag.value = usage.substr(blank + 1);
  if (const auto preset = flag.value.find('='); preset != flag.value.npos) flag.value.erase(preset);
  if (flag.value.find('|') != flag.value.npos) flag.choices = split(flag.value, '|');
  return flag;
}

// "--sort takes one of: a b c." of the text below the flags.
std::vector<std::string> sort_keys_in(std::string_view help) {
  constexpr std::string_view lead = "--sort takes one of:";
  const auto begin = help.find(lead);
  if (begin == help.npos) return {};
  const auto rest = help.substr(begin + lead.size());
  std::string keys(rest.substr(0, rest.find('.')));
  std::ranges::replace(keys, '\n', ' ');
  return split(keys, ' ');
}

std::string argument_in(std::string_view help) {
  constexpr std::string_view lead = "Usage: fanfare ";
  const auto begin = help.find(lead);
  if (begin == help.npos) return {};
  const auto rest = help.substr(begin + lead.size());
  const auto words = split(rest.substr(0, rest.find('\n')), ' ');
  for (const auto& word : words)
    if (!word.empty() && word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == word.npos)
      return word;
  return {};
}

CommandUsage usage_of(const CommandText& text, const std::vector<std::string>& words) {
  CommandUsage usage{
      .name = {}, .summary = std::string(text.summary), .help = {}, .argument = {}, .flags = {}};
  auto asked = words;
  asked.emplace_back("--help");
  const auto command = parse_command_line(asked, {});
  if (const auto* help = std::get_if<Help>(&command.action)) usage.help = help->text;
  for (const auto& word : words) usage.name += (usage.name.empty() ? "" : " ") + word;
  usage.argument = argument_in(usage.help);
  usage.flags = flags_in(usage.help);
  return usage;
}

}  // namespace

std::vector<FlagText> flags_in(std::string_view help) {
  std::vector<FlagText> flags;
  const auto begin = help.find("\nOptions:");
  if (begin == help.npos) return flags;
  auto lines = std::istringstream(std::string(help.substr(begin + 1)));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && !line.empty()) {
    if (line.starts_with("  -"))
      flags.push_back(read_flag(line));
    else if (!flags.empty())
      flags.back().meaning += (flags.back().meaning.empty() ? "" : " ") + trimmed(line);
  }
  for (auto& flag : flags)
    if (std::ranges::find(flag.names, "--sort") != flag.names.end())
      flag.choices = sort_keys_in(help);
  return flags;
}

std::vector<CommandUsage> command_usages() {
  std::vector<CommandUsage> usages;
  for (const auto& text : command_texts()) {
    const std::string name(text.name);
    if (name != "config") usages.push_back(usage_of(text, {name}));
    if (name == "alerts") usages.push_back(usage_of(text, {name, "clear"}));
    if (name != "config") continue;
    for (const char* word : {"check", "show", "schema"})
      usages.push_back(usage_of(text, {name, word}));
  }
  return usages;
}

}  // namespace fanfare
