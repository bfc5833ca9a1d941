// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/man_page.h"

#include <fmt/format.h>

#include <array>
#include <sstream>

#include "agent/cli/command_flags.h"
#include "agent/cli/exit_codes.h"
#include "agent/config/config.h"

namespace fanfare {
namespace {

// No line may begin a request or lose a backslash, and a hyphen is one that can be copied.
std::string escaped(std::string_view text) {
  std::string result;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
    line_begins = c == '\n';
  }
  return result;
}

std::string section(std::string_view title, std::string_view body) {
  return fmt::format(".SH {}\n{}", title, body);
}

std::string verbatim(std::string_view text) {
  return fmt::format(".nf\n{}{}.fi\n", escaped(text), text.ends_with('\n') ? "" : "\n");
}

std::string commands() {
  std::string text;
  for (const auto& usage : command_usages())
    text += fmt::format(".SS fanfare {}\n{}", escaped(usage.name), verbatim(usage.help));
  return text;
}

std::string tagged(std::string_view tag, std::string_view text) {
  return fmt::format(".TP\n.B {}\n{}\n", escaped(tag), escaped(text));
}

std::string exit_status() {
  std::string text;
  for (std::size_t code = 0; code < exit_codes.size(); ++code)
    text += tagged(std::to_string(code), exit_codes[code].meaning);
  return text;
}

std::string files() {
  const Config defaults;
  return tagged(defaults.admin, "The agent's admin socket; commands that ask the agent use it.") +
         tagged(defaults.admin + ".state",
                "What is normal, evidence and firing alerts, so that they outlive a restart.");
}

std::string environment() {
  return tagged("NO_COLOR", "If it is set and not empty nothing is coloured.") +
         tagged("TERM", "\"dumb\" turns colours off.");
}

}  // namespace

std::string man_page(const std::string& version) {
  std::string page = fmt::format(".TH FANFARE 1 \"\" \"fanfare {}\" \"User Commands\"\n", version);
  page += section("NAME",
                  "fanfare \\- counts what a chat server sends, and alerts when events get lost\n");
  page += section("SYNOPSIS", ".B fanfare\n.I COMMAND\n[\\fIFLAGS\\fR]\n");
  page +=
      section("DESCRIPTION",
              "fanfare counts in the kernel, with eBPF, every message that leaves a chat server "
              "for its clients and every log entry between the nodes of a shard. Its agent turns "
              "the counts into propagation ratios, judges them and alerts. The commands below "
              "ask the agent, or test the host.\n");
  page += section("COMMANDS", commands());
  page += section("EXIT STATUS", exit_status());
  page += section("FILES", files());
  page += section("ENVIRONMENT", environment());
  return page;
}

}  // namespace fanfare
