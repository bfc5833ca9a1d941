// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/doctor_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <string_view>

#include "agent/cli/escape.h"
#include "agent/cli/text_wrap.h"

namespace fanfare {
namespace {

namespace json = boost::json;

constexpr std::size_t indent = 12;  // of what explains a check

struct Mark {
  std::string_view utf8, ascii;
  Tone tone;
  std::string_view name;
};

Mark mark_of(Result result) {
  switch (result) {
    case Result::ok:
      return {"√", "ok", Tone::good, "ok"};
    case Result::warning:
      return {"‼", "!", Tone::warn, "warning"};
    case Result::miss:
      return {"×", "X", Tone::bad, "miss"};
    case Result::skipped:
      break;
  }
  return {"-", "-", Tone::plain, "skipped"};
}

// The code's hundreds: what stands together.
std::string_view group_of(std::string_view code) {
  switch (code.at(3)) {
    case '1':
      return "kernel";
    case '2':
      return "permissions";
    case '3':
      return "programs";
    case '4':
      return "sight";
    default:
      return "surroundings";
  }
}

std::string verdict_text(Diagnosis verdict) {
  switch (verdict) {
    case Diagnosis::fine:
      return "An agent can run here.";
    case Diagnosis::finding:
      return "An agent can run here, but something will be missing.";
    case Diagnosis::cannot_run:
      break;
  }
  return "An agent could not run here.";
}

std::string_view verdict_name(Diagnosis verdict) {
  switch (verdict) {
    case Diagnosis::fine:
      return "fine";
    case Diagnosis::finding:
      return "finding";
    case Diagnosis::cannot_run:
      break;
  }
  return "cannot_run";
}

// "  √ FF-101  kernel version: Linux 6.1", with the lines of a long text below its beginning.
std::string head_line(const Check& check, const Look& look) {
  const Mark mark = mark_of(check.result);
  const std::string sign(look.utf8 ? mark.utf8 : mark.ascii);
  const std::string skip = check.result == Result::skipped ? " - skipped: " : ": ";
  const std::string text =
      std::string(check.code->name) + (check.seen.empty() ? "" : skip + terminal_safe(check.seen));
  std::string lines = wrapped(text, indent, look.columns);
  const std::string label = fmt::format("{:<2} {}  ", sign, check.code->code);
  const std::size_t blanks = indent - std::min(indent, display_width(label) + 1);
  lines.replace(
      0, indent,
      " " + painted(sign, mark.tone, look) + label.substr(sign.size()) + std::string(blanks, ' '));
  return lines;
}

std::string explanation(std::string_view head, const std::string& text, Tone tone,
                        const Look& look) {
  // The kernel's words may have lines of their own.
  return wrapped_after(head, tone, terminal_safe(text), indent + 2, look);
}

std::string without_line_breaks(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::string doctor_text(const std::string& head, const std::vector<Check>& checks,
                        const Look& look) {
  std::string text = terminal_safe(head) + "\n";
  std::string_view group;
  for (const Check& check : checks) {
    if (group_of(check.code->code) != group) {
      group = group_of(check.code->code);
      text += fmt::format("\n{}\n", group);
    }
    text += head_line(check, look);
    if (check.result != Result::warning && check.result != Result::miss) continue;
    const Tone tone = mark_of(check.result).tone;
    text += explanation("cause", without_line_breaks(check.cause), tone, look);
    text += explanation("consequence", check.consequence, tone, look);
    text += explanation("what to do", check.remedy, tone, look);
  }
  const auto count = [&](Result wanted) {
    return std::ranges::count(checks, wanted, &Check::result);
  };
  const auto warnings = count(Result::warning);
  const auto misses = count(Result::miss);
  text += fmt::format("\n{} {} ok, {} warning{}, {} miss{}, {} skipped.\n",
                      verdict_text(diagnosis(checks)), count(Result::ok), warnings,
                      warnings == 1 ? "" : "s", misses, misses == 1 ? "" : "es",
                      count(Result::skipped));
  const auto miss = std::ranges::find(checks, Result::miss, &Check::result);
  if (miss != checks.end()) text += fmt::format("More: fanfare help {}\n", miss->code->code);
  return text;
}

json::object doctor_json(const DoctorFacts& facts, const std::vector<Check>& checks,
                         const std::string& version) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? json::value() : json::value(text);
  };
  json::array rows;
  for (const Check& check : checks)
    rows.push_back({{"code", check.code->code},
                    {"name", check.code->name},
                    {"result", mark_of(check.result).name},
                    {"seen", or_null(check.seen)},
                    {"cause", or_null(check.cause)},
                    {"consequence", or_null(check.consequence)},
                    {"remedy", or_null(check.remedy)}});
  return {{"version", version},
          {"node", facts.host.node},
          {"kernel", facts.host.release},
          {"checks", std::move(rows)},
          {"verdict", verdict_name(diagnosis(checks))}};
}

}  // namespace fanfare
