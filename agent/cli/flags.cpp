// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/flags.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/cli/escape.h"
#include "agent/config/text.h"

namespace fanfare {
namespace {

constexpr std::uint32_t most_messages = 1000000;

[[noreturn]] void refuse_value(const char* flag, const std::string& value,
                               std::string_view allowed) {
  throw CLI::ValidationError(flag, fmt::format("\"{}\" is not {}", terminal_safe(value), allowed));
}

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::uint64_t parse_count(const char* flag, const std::string& text, std::uint64_t most) {
  const auto count = parse_number<std::uint64_t>(text);
  if (!count || *count < 1 || *count > most) {
    refuse_value(flag, text, fmt::format("a whole number from 1 to {}", most));
  }
  return *count;
}

double parse_ratio(const char* flag, const std::string& text) {
  const auto ratio = parse_number<double>(text);
  // The negated form also refuses NaN.
  if (!ratio || !(*ratio >= 0 && *ratio <= 1)) refuse_value(flag, text, "a ratio from 0 to 1");
  return *ratio;
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const std::string_view best = closest(word, candidates);
  return best.empty() ? "" : fmt::format("; did you mean \"{}\"?", best);
}

EarlyEnd refusal(const std::string& why, const std::string& usage) {
  const std::string command = usage.empty() ? "fanfare" : "fanfare " + usage;
  return {Refusal{fmt::format("{}; see {} --help", why, command)}};
}

Flags::Flags(const std::string& usage, const CommandText& text)
    : usage_(usage), app_(std::string(text.summary), "fanfare " + usage) {
  app_.footer(std::string(text.details));
  app_.get_formatter()->column_width(26);
  app_.allow_extras();  // so that refuse_extra can name the nearest flag
  app_.set_help_flag("-h,--help", "print this and exit");
}

void Flags::path(const char* flag, std::string& field, const char* meaning) {
  app_.add_option(flag, field, meaning)->type_name("PATH")->take_last()->capture_default_str();
}

void Flags::word(const char* flag, const char* kind, std::optional<std::string>& field,
                 const char* meaning) {
  const auto store = [&field](const std::string& value) { field = value; };
  app_.add_option_function<std::string>(flag, store, meaning)->type_name(kind)->take_last();
}

void Flags::positional(const char* name, std::string& field, const char* meaning) {
  app_.add_option(name, field, meaning)->type_name("")->required();
}

void Flags::output(Output& field) {
  const auto store = [&field](const std::string& value) {
    if (value != "table" && value != "json") refuse_value("-o", value, "table or json");
    field = value == "json" ? Output::json : Output::table;
  };
  app_.add_option_function<std::string>("-o,--output", store, "for people or for programs")
      ->type_name("table|json")
      ->take_last();
}

void Flags::ratio(std::optional<double>& field) {
  const auto store = [&field](const std::string& value) {
    field = parse_ratio("--fail-below", value);
  };
  app_.add_option_function<std::string>("--fail-below", store,
                                        "exit 1 where a shard is below, see below")
      ->type_name("RATIO")
      ->take_last();
}

void Flags::color(ColorChoice& field) {
  const auto store = [&field](const std::string& value) {
    if (value != "auto" && value != "always" && value != "never") {
      refuse_value("--color", value, "auto, always or never");
    }
    field = value == "always"  ? ColorChoice::always
            : value == "never" ? ColorChoice::never
                               : ColorChoice::automatic;
  };
  app_.add_option_function<std::string>("--color", store,
                                        "auto: on a terminal, unless NO_COLOR is set")
      ->type_name("auto|always|never")
      ->take_last();
}

void Flags::selection(Selection& field, std::vector<std::string> keys) {
  word("--shard", "NAME", field.shard, "only this shard");
  sort(field.sort, std::move(keys));
  const auto limit = [&field](const std::string& value) {
    field.limit = parse_count("--limit", value, UINT32_MAX);
  };
  app_.add_option_function<std::string>("--limit", limit, "only the first N rows")
      ->type_name("N")
      ->take_last();
}

void Flags::sort(std::optional<std::string>& field, std::vector<std::string> keys) {
  sort_keys_ = std::move(keys);
  const auto store = [this, &field](const std::string& value) {
    if (std::find(sort_keys_.begin(), sort_keys_.end(), value) == sort_keys_.end()) {
      refuse_value("--sort", value,
                   fmt::format("a key of this listing{}; allowed are {}",
                               did_you_mean(value, sort_keys_), fmt::join(sort_keys_, " ")));
    }
    field = value;
  };
  app_.add_option_function<std::string>("--sort", store, "order, see below")
      ->type_name("KEY")
      ->take_last();
}

void Flags::choice(const ChoiceFlag& flag, std::string& field) {
  const auto store = [&field, &flag](const std::string& value) {
    if (std::ranges::find(flag.words, value) == flag.words.end())
      refuse_value(flag.name, value, fmt::format("{}", fmt::join(flag.words, " or ")));
    field = value;
  };
  app_.add_option_function<std::string>(flag.name, store, flag.meaning)
      ->type_name(fmt::format("{}", fmt::join(flag.words, "|")))
      ->take_last();
}

void Flags::toggle(const char* flag, bool& field, const char* meaning) {
  app_.add_flag(flag, field, meaning);
}

void Flags::seconds(const SecondsFlag& flag, double& field) {
  const auto store = [&field, &flag](const std::string& value) {
    const auto number = parse_number<double>(value);
    // The negated form also refuses NaN.
    if (!number || !(*number >= flag.least && *number <= flag.most))
      refuse_value(flag.name, value,
                   fmt::format("a number of seconds from {} to {}", flag.least, flag.most));
    field = *number;
  };
  app_.add_option_function<std::string>(flag.name, store, flag.meaning)
      ->type_name("SECONDS")
      ->take_last();
}

void Flags::messages(std::uint32_t& field) {
  const auto store = [&field](const std::string& value) {
    field = static_cast<std::uint32_t>(parse_count("--messages", value, most_messages));
  };
  app_.add_option_function<std::string>("--messages", store,
                                        "messages to send to each client [1000]")
      ->type_name("N")
      ->take_last();
}

void Flags::parse(const std::vector<std::string>& words) {
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // the order that CLI11 takes
  try {
    app_.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    throw EarlyEnd{Help{app_.help()}};
  } catch (const CLI::ParseError& error) {
    refuse(terminal_safe(error.what()));
  }
  for (const std::string& word : app_.remaining()) refuse_extra(word);
}

void Flags::refuse(const std::string& why) const { throw refusal(why, usage_); }

void Flags::refuse_extra(const std::string& word) const {
  if (word.size() < 2 || word.front() != '-') {
    refuse(fmt::format("unexpected word \"{}\"", terminal_safe(word)));
  }
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : app_.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  refuse(fmt::format("unknown flag \"{}\"{}", terminal_safe(flag), did_you_mean(flag, known)));
}

}  // namespace fanfare
