// SPDX-License-Identifier: Apache-2.0
// What somebody asked for at the shell, as plain values. Parsing is command_line.h, doing is
// run_command.h; running the agent itself is main's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "agent/cli/table.h"
#include "agent/config/config.h"
#include "agent/config/overrides.h"
#include "agent/config/start_error.h"

namespace fanfare {

// Exit codes of the contract.
inline constexpr int exit_fine = 0;
inline constexpr int exit_finding = 1;   // unhealthy, below a threshold, a mismatch
inline constexpr int exit_no_agent = 3;  // not reachable, or its answer makes no sense
// exit_usage = 2 and exit_kernel = 4 stand in agent/config/start_error.h.

enum class Output { table, json };

struct AgentCommand {
  std::optional<std::string> config;  // path of the file
  std::optional<std::string> record;  // directory
  Overrides overrides;
};

struct DoctorCommand {
  std::optional<std::string> config;  // path of the file
  Overrides overrides;
  Output output = Output::table;
  std::optional<std::string> bundle;  // path of the support bundle to make
  bool addresses = false;             // of clients, in the bundle
};

// What a code, an alert, a capture loss or an exit code means.
struct HelpCodeCommand {
  std::string code;
};

struct StatusCommand {
  std::string admin = Config{}.admin;
  Output output = Output::table;
  std::optional<double> fail_below;  // coverage and relative propagation, 0..1
};

struct Selection {
  std::optional<std::string> shard;
  std::optional<std::string> sort;     // a key of the listing
  std::optional<std::uint64_t> limit;  // rows
};

struct ShardsCommand {
  std::string admin = Config{}.admin;
  Output output = Output::table;
  Selection selection;
  std::optional<double> fail_below;
};

struct SocketsCommand {
  std::string admin = Config{}.admin;
  Output output = Output::table;
  Selection selection;
};

struct PeersCommand {
  std::string admin = Config{}.admin;
  Output output = Output::table;
  Selection selection;
};

struct AlertsCommand {
  std::string admin = Config{}.admin;
  Output output = Output::table;
  Selection selection;
};

struct AlertsClearCommand {
  std::string admin = Config{}.admin;
  std::string alertname;
  std::string shard;
};

struct ExplainCommand {
  std::string admin = Config{}.admin;
  Output output = Output::table;
  std::string what;  // a shard, an alert, a port or a process
};

struct TopCommand {
  std::string admin = Config{}.admin;
  Output output = Output::table;     // json: with `once` only
  std::optional<std::string> shard;  // opened at the start
  std::optional<std::string> sort;   // a column of the shards
  double interval_seconds = 1;       // between looks
  bool once = false;
  bool ascii = false;
};

struct SelftestCommand {
  std::string admin = Config{}.admin;
  std::uint32_t messages = 1000;              // server to client, for each IP version
  std::chrono::milliseconds patience{10000};  // until the counters must agree
};

struct ReplayCommand {
  std::string file;                   // capture, recording, or directory of recordings
  std::optional<std::string> config;  // path of the file
  bool rules = false;                 // tell the alerts that would have fired
  Output output = Output::table;
};

struct JudgeCommand {
  std::string file;             // "-": standard input
  std::string from = "counts";  // one JSON object a line; or "prometheus": a range query's answer
  std::optional<std::string> config;  // path of the file
  Output output = Output::table;
};

struct ConfigCheckCommand {
  std::string file;
};
struct ConfigShowCommand {
  std::optional<std::string> config;  // path of the file; the defaults without
};
struct ConfigSchemaCommand {};

struct ManCommand {};

struct CompletionsCommand {
  std::string shell;
};

struct VersionCommand {
  Output output = Output::table;
};

// Help that was asked for.
struct Help {
  std::string text;
};
// A command line that cannot be obeyed; the text says why and where to read on.
struct Refusal {
  std::string text;
};

using Action =
    std::variant<AgentCommand, StatusCommand, ShardsCommand, SocketsCommand, PeersCommand,
                 AlertsCommand, AlertsClearCommand, TopCommand, ExplainCommand, SelftestCommand,
                 ReplayCommand, JudgeCommand, DoctorCommand, HelpCodeCommand, ConfigCheckCommand,
                 ConfigShowCommand, ConfigSchemaCommand, ManCommand, CompletionsCommand,
                 VersionCommand, Help, Refusal>;

struct Command {
  Action action;
  Look look;
  std::string version = "unknown";  // of this program
};

}  // namespace fanfare
