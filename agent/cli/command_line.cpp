// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/cli/completions.h"
#include "agent/cli/escape.h"
#include "agent/cli/flags.h"
#include "agent/cli/help_text.h"
#include "agent/cli/listing.h"
#include "agent/cli/top_list.h"

namespace fanfare {
namespace {

using Words = std::vector<std::string>;

struct Parsed {
  Action action;
  ColorChoice color = ColorChoice::automatic;
};

constexpr const char* admin_meaning = "admin socket of the agent";
constexpr const char* config_meaning = "configuration file (YAML)";

Parsed parse_agent(const Words& words, const CommandText& text) {
  AgentCommand command;
  Flags flags("agent", text);
  flags.word("--config", "FILE", command.config, config_meaning);
  flags.word("--listen", "ADDR:PORT", command.overrides.listen, "for metrics and probes");
  flags.word("--admin", "PATH", command.overrides.admin, "admin socket to create");
  flags.word("--cgroup", "PATH", command.overrides.cgroup,
             "cgroup to count in; auto: the host's root");
  flags.word("--node", "NAME", command.overrides.node, "label of this host; auto: its name");
  flags.word("--record", "DIR", command.record, "keep every tick there, for fanfare replay");
  flags.parse(words);
  return {command};
}

Parsed parse_doctor(const Words& words, const CommandText& text) {
  DoctorCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("doctor", text);
  flags.word("--config", "FILE", command.config, config_meaning);
  flags.word("--listen", "ADDR:PORT", command.overrides.listen, "as the agent would get it");
  flags.word("--admin", "PATH", command.overrides.admin, "as the agent would get it");
  flags.word("--cgroup", "PATH", command.overrides.cgroup, "as the agent would get it");
  flags.output(command.output);
  flags.word("--bundle", "FILE", command.bundle, "also write a support bundle (.tar.gz)");
  flags.toggle("--addresses", command.addresses, "leave clients' addresses in the bundle");
  flags.color(color);
  flags.parse(words);
  if (command.addresses && !command.bundle)
    throw refusal("--addresses says what the bundle holds: give --bundle FILE too", "doctor");
  return {command, color};
}

Parsed parse_status(const Words& words, const CommandText& text) {
  StatusCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("status", text);
  flags.path("--admin", command.admin, admin_meaning);
  flags.output(command.output);
  flags.ratio(command.fail_below);
  flags.color(color);
  flags.parse(words);
  return {command, color};
}

Parsed parse_shards(const Words& words, const CommandText& text) {
  ShardsCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("shards", text);
  flags.path("--admin", command.admin, admin_meaning);
  flags.output(command.output);
  flags.selection(command.selection, sort_keys(shards_listing()));
  flags.ratio(command.fail_below);
  flags.color(color);
  flags.parse(words);
  return {command, color};
}

// The listings that have no flags of their own.
template <typename Listing>
Parsed parse_listing(const Words& words, const CommandText& text, const ListingShape& shape) {
  Listing command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags(std::string(text.name), text);
  flags.path("--admin", command.admin, admin_meaning);
  flags.output(command.output);
  flags.selection(command.selection, sort_keys(shape));
  flags.color(color);
  flags.parse(words);
  return {command, color};
}

Parsed parse_sockets(const Words& words, const CommandText& text) {
  return parse_listing<SocketsCommand>(words, text, sockets_listing());
}

Parsed parse_peers(const Words& words, const CommandText& text) {
  return parse_listing<PeersCommand>(words, text, peers_listing());
}

Parsed parse_alerts_clear(const Words& words, const CommandText& text) {
  AlertsClearCommand command;
  std::optional<std::string> shard;
  Flags flags("alerts clear", text);
  flags.positional("ALERTNAME", command.alertname, "what fires");
  flags.word("--shard", "NAME", shard, "the shard that it fires for");
  flags.path("--admin", command.admin, admin_meaning);
  flags.parse(words);
  if (!shard) throw refusal("say for which shard: --shard NAME", "alerts clear");
  command.shard = *shard;
  return {command};
}

Parsed parse_alerts(const Words& words, const CommandText& text) {
  if (!words.empty() && words.front() == "clear")
    return parse_alerts_clear(Words(words.begin() + 1, words.end()), text);
  return parse_listing<AlertsCommand>(words, text, alerts_listing());
}

Parsed parse_explain(const Words& words, const CommandText& text) {
  ExplainCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("explain", text);
  flags.positional("WHAT", command.what, "shard, alert, :PORT or pid:PID");
  flags.path("--admin", command.admin, admin_meaning);
  flags.output(command.output);
  flags.color(color);
  flags.parse(words);
  return {command, color};
}

Parsed parse_top(const Words& words, const CommandText& text) {
  TopCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("top", text);
  flags.path("--admin", command.admin, admin_meaning);
  flags.word("--shard", "NAME", command.shard, "open this shard");
  flags.sort(command.sort, top::sort_keys(top::Screen::shards));
  static constexpr SecondsFlag interval{"--interval", 0.2, 3600, "between two looks [1]"};
  flags.seconds(interval, command.interval_seconds);
  flags.toggle("--once", command.once, "print one plain screen and exit");
  flags.output(command.output);
  flags.toggle("--ascii", command.ascii, "no character beyond ASCII");
  flags.color(color);
  flags.parse(words);
  if (command.output == Output::json && !command.once)
    throw refusal("-o json goes with --once only", "top");
  return {command, color};
}

Parsed parse_selftest(const Words& words, const CommandText& text) {
  SelftestCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("selftest", text);
  flags.path("--admin", command.admin, admin_meaning);
  flags.messages(command.messages);
  flags.color(color);
  flags.parse(words);
  return {command, color};
}

Parsed parse_replay(const Words& words, const CommandText& text) {
  ReplayCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("replay", text);
  flags.positional("FILE", command.file, "capture, recording, or directory of recordings");
  flags.word("--config", "FILE", command.config, config_meaning);
  flags.toggle("--rules", command.rules, "tell the alerts that would have fired, and when");
  flags.output(command.output);
  flags.color(color);
  flags.parse(words);
  return {command, color};
}

Parsed parse_judge(const Words& words, const CommandText& text) {
  JudgeCommand command;
  ColorChoice color = ColorChoice::automatic;
  Flags flags("judge", text);
  flags.positional("FILE", command.file, "counts, one JSON object a line; - for standard input");
  const ChoiceFlag from{
      "--from", {"counts", "prometheus"}, "prometheus: FILE is the answer of a range query"};
  flags.choice(from, command.from);
  flags.word("--config", "FILE", command.config, config_meaning);
  flags.output(command.output);
  flags.color(color);
  flags.parse(words);
  return {command, color};
}

Parsed parse_config_command(const Words& words, const CommandText& text) {
  const std::vector<std::string> known = {"check", "show", "schema"};
  const std::string what = words.empty() ? "--help" : words.front();
  const Words rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  if (what == "check") {
    ConfigCheckCommand command;
    Flags flags("config check", text);
    flags.positional("FILE", command.file, config_meaning);
    flags.parse(rest);
    return {command};
  }
  if (what == "show") {
    ConfigShowCommand command;
    Flags flags("config show", text);
    flags.word("--config", "FILE", command.config, config_meaning);
    flags.parse(rest);
    return {command};
  }
  if (what == "schema") {
    Flags("config schema", text).parse(rest);
    return {ConfigSchemaCommand{}};
  }
  if (words.empty()) throw refusal("config needs one of check, show, schema", "config");
  if (what == "--help" || what == "-h") Flags("config", text).parse({"--help"});
  throw refusal(fmt::format("config knows check, show and schema, not \"{}\"{}",
                            terminal_safe(what), did_you_mean(what, known)),
                "config");
}

Parsed parse_man(const Words& words, const CommandText& text) {
  Flags("man", text).parse(words);
  return {ManCommand{}};
}

Parsed parse_completions(const Words& words, const CommandText& text) {
  CompletionsCommand command;
  Flags flags("completions", text);
  flags.positional("SHELL", command.shell, "bash, fish or zsh");
  flags.parse(words);
  const auto& known = completed_shells;
  if (std::find(known.begin(), known.end(), command.shell) == known.end())
    throw refusal(fmt::format("completions are there for bash, fish and zsh, not for \"{}\"{}",
                              terminal_safe(command.shell),
                              did_you_mean(command.shell, {known.begin(), known.end()})),
                  "completions");
  return {command};
}

Parsed parse_version(const Words& words, const CommandText& text) {
  VersionCommand command;
  Flags flags("version", text);
  flags.output(command.output);
  flags.parse(words);
  return {command};
}

using Parser = Parsed (*)(const Words&, const CommandText&);

constexpr auto parsers = std::to_array<std::pair<std::string_view, Parser>>({
    {"agent", parse_agent},
    {"doctor", parse_doctor},
    {"status", parse_status},
    {"shards", parse_shards},
    {"sockets", parse_sockets},
    {"peers", parse_peers},
    {"alerts", parse_alerts},
    {"explain", parse_explain},
    {"top", parse_top},
    {"selftest", parse_selftest},
    {"replay", parse_replay},
    {"judge", parse_judge},
    {"config", parse_config_command},
    {"man", parse_man},
    {"completions", parse_completions},
    {"version", parse_version},
});

[[noreturn]] void refuse_command(const std::string& name) {
  const std::vector<std::string>& planned = planned_commands();
  if (std::find(planned.begin(), planned.end(), name) != planned.end()) {
    throw refusal(fmt::format("\"{}\" is known, but not available in this version", name), "");
  }
  if (name.starts_with("-")) {
    throw refusal(
        fmt::format("flag \"{}\" before a command; flags come after it", terminal_safe(name)), "");
  }
  throw refusal(fmt::format("unknown command \"{}\"{}", terminal_safe(name),
                            did_you_mean(name, command_names())),
                "");
}

bool is_command(const std::string& word) {
  const std::vector<std::string> names = command_names();
  return std::find(names.begin(), names.end(), word) != names.end() || word.starts_with("-");
}

Parsed parse(const Words& words) {
  if (words.empty()) throw refusal("no command given", "");
  const std::string& name = words.front();
  Words rest(words.begin() + 1, words.end());
  if (name == "--version") return parse({"version"});
  if (name == "--help" || name == "-h" || (name == "help" && rest.empty())) {
    return {Help{overview()}};
  }
  if (name == "help" && is_command(rest.front())) return parse({rest.front(), "--help"});
  if (name == "help") return {HelpCodeCommand{fmt::format("{}", fmt::join(rest, " "))}};
  for (const auto& [known, parser] : parsers) {
    if (known != name) continue;
    const auto& texts = command_texts();
    const auto text = std::find_if(texts.begin(), texts.end(),
                                   [&name](const CommandText& t) { return t.name == name; });
    return parser(rest, *text);
  }
  refuse_command(name);
}

Look look_for(ColorChoice choice, const Surroundings& around) {
  const bool automatic = around.columns > 0 && around.color_wanted;
  const bool color =
      choice == ColorChoice::always || (choice == ColorChoice::automatic && automatic);
  return {around.columns, color, around.utf8};
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& words, const Surroundings& around) {
  Parsed parsed;
  try {
    parsed = parse(words);
  } catch (EarlyEnd& end) {
    parsed.action = std::move(end.action);
  }
  return {std::move(parsed.action), look_for(parsed.color, around), around.version};
}

}  // namespace fanfare
