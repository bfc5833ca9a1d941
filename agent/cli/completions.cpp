// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/completions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "agent/cli/command_flags.h"
#include "agent/cli/help_text.h"

namespace fanfare {
namespace {

// A name may hold single blanks; at least two stand between the columns.
constexpr std::string_view shards_command =
    "fanfare shards 2>/dev/null | tail -n +2 | sed 's/  .*//'";

bool is_file(std::string_view value) {
  return value == "FILE" || value == "PATH" || value == "DIR";
}

// Of the shell's own words that stand between two single quotes.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// Flags, and the word that may stand in front of them.
std::vector<std::string> words_of(const CommandUsage& usage) {
  std::vector<std::string> names;
  if (usage.name == "alerts") names.emplace_back("clear");
  for (const auto& flag : usage.flags)
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

// What completes the value of a flag, as a command of bash.
std::string bash_values(const FlagText& flag) {
  if (!flag.choices.empty())
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", fmt::join(flag.choices, " "));
  if (is_file(flag.value)) return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))";
  if (std::ranges::find(flag.names, "--shard") != flag.names.end())
    return "_fanfare_shards \"$word\"";
  return "COMPREPLY=()";
}

std::string bash_command(const CommandUsage& usage) {
  std::string text = fmt::format("    {})\n      case \"$before\" in\n", quoted(usage.name));
  for (const auto& flag : usage.flags)
    if (!flag.value.empty())
      text +=
          fmt::format("        {}) {}; return ;;\n", fmt::join(flag.names, "|"), bash_values(flag));
  text += "      esac\n";
  if (is_file(usage.argument))
    text +=
        "      [[ $word == -* ]] || { compopt -o filenames; COMPREPLY=($(compgen -f -- "
        "\"$word\")); return; }\n";
  return text + fmt::format("      COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n",
                            fmt::join(words_of(usage), " "));
}

std::vector<std::string> commands() {
  std::vector<std::string> names{"help"};
  for (const auto& text : command_texts()) names.emplace_back(text.name);
  return names;
}

std::string bash() {
  std::string text = fmt::format(
      "# bash completion of fanfare, made by `fanfare completions bash`\n"
      // Not by compgen -W, which would run what stands in a name: others choose it.
      "_fanfare_shards() {{\n"
      "  local name\n"
      "  while IFS= read -r name; do\n"
      "    [[ $name == \"$1\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")\n"
      "  done < <({})\n"
      "}}\n"
      "_fanfare() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  local command=${{COMP_WORDS[1]}}\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  if [ \"$command\" = config ]; then\n"
      "    if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
      "      COMPREPLY=($(compgen -W 'check show schema' -- \"$word\"))\n"
      "      return\n"
      "    fi\n"
      "    command=\"config ${{COMP_WORDS[2]}}\"\n"
      "  fi\n"
      "  [ \"$command ${{COMP_WORDS[2]-}}\" = 'alerts clear' ] && [ \"$COMP_CWORD\" -gt 2 ] &&\n"
      "    command='alerts clear'\n"
      "  case \"$command\" in\n",
      shards_command, fmt::join(commands(), " "));
  for (const auto& usage : command_usages()) text += bash_command(usage);
  return text + "  esac\n}\ncomplete -F _fanfare fanfare\n";
}

std::string zsh_values(const FlagText& flag) {
  if (flag.value.empty()) return {};
  if (!flag.choices.empty())
    return fmt::format(":{}:({})", flag.value.starts_with(flag.choices[0]) ? "value" : flag.value,
                       fmt::join(flag.choices, " "));
  if (is_file(flag.value)) return fmt::format(":{}:_files", flag.value);
  if (std::ranges::find(flag.names, "--shard") != flag.names.end())
    return fmt::format(":{}:{{local -a names; names=(\"${{(@f)$({})}}\"); compadd -a names}}",
                       flag.value, shards_command);
  return fmt::format(":{}: ", flag.value);
}

// Brackets and colons of a text would end it.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_command(const CommandUsage& usage) {
  std::string text = fmt::format("    {}) _arguments -s", quoted(usage.name));
  for (const auto& flag : usage.flags)
    for (const auto& name : flag.names)
      text += fmt::format(
          " \\\n      {}",
          quoted(fmt::format("{}[{}]{}", name, zsh_text(flag.meaning), zsh_values(flag))));
  if (!usage.argument.empty())
    text += fmt::format(
        " \\\n      {}",
        quoted(fmt::format("1:{}:{}", usage.argument, is_file(usage.argument) ? "_files" : " ")));
  return text + " ;;\n";
}

std::string zsh() {
  std::string text =
      "#compdef fanfare\n# zsh completion of fanfare, made by `fanfare completions zsh`\n"
      "local -a commands=(\n  'help:explain a command or a code'\n";
  for (const auto& command : command_texts())
    text += "  " + quoted(fmt::format("{}:{}", command.name, zsh_text(command.summary))) + "\n";
  text +=
      ")\nif (( CURRENT == 2 )); then\n  _describe command commands\n  return\nfi\n"
      "local command=$words[2]\nshift words; (( CURRENT-- ))\n"
      "if [[ $command == config ]]; then\n"
      "  if (( CURRENT == 2 )); then\n    compadd check show schema\n    return\n  fi\n"
      "  command=\"config $words[2]\"\n  shift words; (( CURRENT-- ))\nfi\n"
      "[[ $command == alerts ]] && (( CURRENT == 2 )) && compadd clear\n"
      "if [[ $command == alerts && $words[2] == clear ]] && (( CURRENT > 2 )); then\n"
      "  command='alerts clear'\n  shift words; (( CURRENT-- ))\nfi\n"
      "case $command in\n";
  for (const auto& usage : command_usages()) text += zsh_command(usage);
  return text + "esac\n";
}

std::string fish_flag(const std::string& condition, const FlagText& flag) {
  std::string text = "complete -c fanfare -n " + quoted(condition);
  for (const auto& name : flag.names)
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!flag.value.empty()) text += is_file(flag.value) ? " -r -F" : " -x";
  if (!flag.choices.empty())
    text += " -a " + quoted(fmt::format("{}", fmt::join(flag.choices, " ")));
  else if (std::ranges::find(flag.names, "--shard") != flag.names.end())
    text += " -a " + quoted(fmt::format("({})", shards_command));
  return text + " -d " + quoted(flag.meaning) + "\n";
}

std::string fish() {
  std::string text =
      "# fish completion of fanfare, made by `fanfare completions fish`\n"
      "complete -c fanfare -f\n";
  for (const auto& command : command_texts())
    text += fmt::format("complete -c fanfare -n __fish_use_subcommand -a {} -d {}\n", command.name,
                        quoted(command.summary));
  text +=
      "complete -c fanfare -n '__fish_seen_subcommand_from config; and not "
      "__fish_seen_subcommand_from check show schema' -a 'check show schema'\n";
  text +=
      "complete -c fanfare -n '__fish_seen_subcommand_from alerts; and not "
      "__fish_seen_subcommand_from clear' -a 'clear'\n";
  for (const auto& usage : command_usages()) {
    const auto blank = usage.name.find(' ');
    std::string condition = "__fish_seen_subcommand_from " + usage.name.substr(0, blank);
    if (blank != usage.name.npos)
      condition += "; and __fish_seen_subcommand_from " + usage.name.substr(blank + 1);
    if (is_file(usage.argument)) text += "complete -c fanfare -n " + quoted(condition) + " -F\n";
    for (const auto& flag : usage.flags) text += fish_flag(condition, flag);
  }
  return text;
}

}  // namespace

std::string completions(std::string_view shell) {
  if (shell == "bash") return bash();
  return shell == "zsh" ? zsh() : fish();
}

}  // namespace fanfare
