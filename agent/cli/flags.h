// SPDX-License-Identifier: Apache-2.0
// The flags of one command, bound to the fields of its struct: the one place that knows CLI11.
// A word that cannot be obeyed ends the parse with a Refusal, --help with a Help.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/command.h"
#include "agent/cli/help_text.h"

namespace fanfare {

enum class ColorChoice { automatic, always, never };

// Why a parse ended early; caught in parse_command_line.
struct EarlyEnd {
  Action action;
};

struct SecondsFlag {
  const char* name;
  double least, most;  // s
  const char* meaning;
};

struct ChoiceFlag {
  const char* name;
  std::vector<std::string> words;
  const char* meaning;
};

class Flags {
 public:
  // `usage` is the command with its words ("config show"); help shows `text`.
  Flags(const std::string& usage, const CommandText& text);

  // Each method declares a flag; `parse` writes to the bound field, which must outlive it.
  void path(const char* flag, std::string& field, const char* meaning);
  void word(const char* flag, const char* kind, std::optional<std::string>& field,
            const char* meaning);
  void positional(const char* name, std::string& field, const char* meaning);
  void output(Output& field);
  void ratio(std::optional<double>& field);
  void color(ColorChoice& field);
  // Shared by the listings; `keys` are what --sort allows.
  void selection(Selection& field, std::vector<std::string> keys);
  void messages(std::uint32_t& field);
  void sort(std::optional<std::string>& field, std::vector<std::string> keys);
  // One of a few words; `field` holds the preset.
  void choice(const ChoiceFlag& flag, std::string& field);  // both must outlive `parse`
  void toggle(const char* flag, bool& field, const char* meaning);
  // From `least` to `most`.
  void seconds(const SecondsFlag& flag, double& field);  // both must outlive `parse`

  void parse(const std::vector<std::string>& words);

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  [[noreturn]] void refuse_extra(const std::string& word) const;

  std::string usage_;
  CLI::App app_;
  std::vector<std::string> sort_keys_;
};

// "WHY; see fanfare COMMAND --help".
EarlyEnd refusal(const std::string& why, const std::string& usage);

// "; did you mean "X"?", or nothing where no known word is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace fanfare
