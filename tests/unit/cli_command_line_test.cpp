// SPDX-License-Identifier: Apache-2.0
// Words of the shell to a Command; every refusal with its text.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "agent/cli/command_line.h"
#include "agent/cli/help_text.h"
#include "agent/cli/listing.h"
#include "agent/cli/run_command.h"

namespace fanfare {
namespace {

using Words = std::vector<std::string>;

template <typename Wanted>
Wanted parsed(const Words& words) {
  const Command command = parse_command_line(words, {});
  if (const auto* refusal = std::get_if<Refusal>(&command.action)) ADD_FAILURE() << refusal->text;
  return std::get<Wanted>(command.action);
}

std::string refused(const Words& words) {
  const Command command = parse_command_line(words, {});
  const auto* refusal = std::get_if<Refusal>(&command.action);
  return refusal == nullptr ? "not refused" : refusal->text;
}

TEST(CliCommandLine, AgentFlags) {
  const auto agent = parsed<AgentCommand>({"agent", "--config", "f.yaml", "--listen", "[::1]:1",
                                           "--admin=/a", "--cgroup", "/c", "--node", "n"});
  EXPECT_EQ(agent.config, "f.yaml");
  EXPECT_EQ(agent.overrides.listen, "[::1]:1");
  EXPECT_EQ(agent.overrides.admin, "/a");
  EXPECT_EQ(agent.overrides.cgroup, "/c");
  EXPECT_EQ(agent.overrides.node, "n");
  const auto bare = parsed<AgentCommand>({"agent"});
  EXPECT_FALSE(bare.config || bare.overrides.listen || bare.overrides.admin ||
               bare.overrides.cgroup || bare.overrides.node);
}

TEST(CliCommandLine, ListingFlags) {
  const auto sockets =
      parsed<SocketsCommand>({"sockets", "--shard", "a,b [c]", "--sort", "events_in", "--limit",
                              "5", "-o", "json", "--admin", "/a"});
  EXPECT_EQ(sockets.selection.shard, "a,b [c]");
  EXPECT_EQ(sockets.selection.sort, "events_in");
  EXPECT_EQ(sockets.selection.limit, 5U);
  EXPECT_EQ(sockets.output, Output::json);
  EXPECT_EQ(sockets.admin, "/a");
  const auto peers = parsed<PeersCommand>({"peers", "--sort", "behind", "--admin", "/b"});
  EXPECT_EQ(peers.selection.sort, "behind");
  EXPECT_EQ(peers.admin, "/b");
  const auto alerts = parsed<AlertsCommand>({"alerts", "--limit", "1", "-o", "json"});
  EXPECT_EQ(alerts.selection.limit, 1U);
  EXPECT_EQ(alerts.output, Output::json);
  const auto shards = parsed<ShardsCommand>({"shards", "--fail-below", "0.99"});
  EXPECT_EQ(shards.fail_below, 0.99);
  EXPECT_EQ(shards.admin, "/run/fanfare/admin.sock");
  EXPECT_EQ(shards.output, Output::table);
}

TEST(CliCommandLine, OtherCommands) {
  EXPECT_EQ(parsed<StatusCommand>({"status", "--fail-below", "1"}).fail_below, 1.0);
  EXPECT_EQ(parsed<SelftestCommand>({"selftest"}).messages, 1000U);
  EXPECT_EQ(parsed<SelftestCommand>({"selftest", "--messages", "7"}).messages, 7U);
  EXPECT_EQ(parsed<ConfigCheckCommand>({"config", "check", "f"}).file, "f");
  EXPECT_EQ(parsed<ConfigShowCommand>({"config", "show", "--config", "f"}).config, "f");
  parsed<ConfigSchemaCommand>({"config", "schema"});
  EXPECT_EQ(parsed<VersionCommand>({"version", "-o", "json"}).output, Output::json);
  parsed<VersionCommand>({"--version"});
  EXPECT_EQ(parsed<HelpCodeCommand>({"help", "exit", "4"}).code, "exit 4");
  const auto doctor =
      parsed<DoctorCommand>({"doctor", "--config", "f", "--cgroup", "/c", "--listen", "[::1]:1",
                             "--admin", "/a", "-o", "json", "--bundle", "b.tar.gz", "--addresses"});
  EXPECT_EQ(doctor.config, "f");
  EXPECT_EQ(doctor.overrides.cgroup, "/c");
  EXPECT_EQ(doctor.overrides.listen, "[::1]:1");
  EXPECT_EQ(doctor.overrides.admin, "/a");
  EXPECT_EQ(doctor.output, Output::json);
  EXPECT_EQ(doctor.bundle, "b.tar.gz");
  EXPECT_TRUE(doctor.addresses);
  EXPECT_FALSE(parsed<DoctorCommand>({"doctor"}).addresses);
  EXPECT_EQ(refused({"doctor", "--addresses"}),
            "--addresses says what the bundle holds: give --bundle FILE too; see fanfare doctor "
            "--help");
}

TEST(CliCommandLine, TheLastOfARepeatedFlagCounts) {
  EXPECT_EQ(parsed<StatusCommand>({"status", "--admin", "/a", "--admin", "/b"}).admin, "/b");
}

TEST(CliCommandLine, UnknownWordsNameTheNearest) {
  EXPECT_EQ(refused({"sokcets"}),
            "unknown command \"sokcets\"; did you mean \"sockets\"?; see fanfare --help");
  EXPECT_EQ(refused({"zzzzzz"}), "unknown command \"zzzzzz\"; see fanfare --help");
  EXPECT_EQ(refused({"sockets", "--limt", "5"}),
            "unknown flag \"--limt\"; did you mean \"--limit\"?; see fanfare sockets --help");
  EXPECT_EQ(refused({"status", "--limit=5"}),
            "unknown flag \"--limit\"; see fanfare status --help");
  EXPECT_EQ(refused({"status", "now"}), "unexpected word \"now\"; see fanfare status --help");
  EXPECT_EQ(
      refused({"config", "chek"}),
      "config knows check, show and schema, not \"chek\"; did you mean \"check\"?; see fanfare "
      "config --help");
  EXPECT_EQ(refused({"\x1b[2J"}), "unknown command \"\\x1b[2J\"; see fanfare --help");
}

TEST(CliCommandLine, MissingWords) {
  EXPECT_EQ(refused({}), "no command given; see fanfare --help");
  EXPECT_EQ(refused({"config"}),
            "config needs one of check, show, schema; see fanfare config --help");
  EXPECT_EQ(refused({"config", "check"}), "FILE is required; see fanfare config check --help");
  EXPECT_EQ(refused({"--admin", "/a", "status"}),
            "flag \"--admin\" before a command; flags come after it; see fanfare --help");
  EXPECT_NE(refused({"status", "--admin"}), "not refused");
}

TEST(CliCommandLine, BadValuesSayWhatIsAllowed) {
  EXPECT_EQ(refused({"status", "-o", "xml"}),
            "-o: \"xml\" is not table or json; see fanfare status --help");
  EXPECT_EQ(refused({"status", "--color", "blue"}),
            "--color: \"blue\" is not auto, always or never; see fanfare status --help");
  for (const char* bad : {"1.5", "-0.1", "nan", "abc", "0.5x"}) {
    EXPECT_EQ(refused({"status", std::string("--fail-below=") + bad}),
              "--fail-below: \"" + std::string(bad) +
                  "\" is not a ratio from 0 to 1; see fanfare status --help");
  }
  for (const char* bad : {"0", "-1", "many", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(refused({"selftest", std::string("--messages=") + bad}),
              "--messages: \"" + std::string(bad) +
                  "\" is not a whole number from 1 to 1000000; see fanfare selftest --help");
  }
  const std::string sort = refused({"shards", "--sort", "events_ou"});
  EXPECT_EQ(sort.find("--sort: \"events_ou\" is not a key of this listing; did you mean "
                      "\"events_out\"?; allowed are shard synced "),
            0U)
      << sort;
}

TEST(CliCommandLine, PlannedCommandsAreKnownButRefused) {
  EXPECT_EQ(planned_commands(), (Words{"bridge", "canary", "builds", "gate"}));
  for (const std::string& name : planned_commands()) {
    EXPECT_EQ(refused({name, "--anything"}),
              "\"" + name + "\" is known, but not available in this version; see fanfare --help");
  }
}

TEST(CliCommandLine, RefusalsExitWithTwoAndHelpWithZero) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_command(parse_command_line({"gate"}, {}), out, err), 2);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str(),
            "fanfare: \"gate\" is known, but not available in this version; see fanfare --help\n");
  EXPECT_EQ(run_command(parse_command_line({"--help"}, {}), out, err), 0);
  EXPECT_EQ(out.str(), overview());
}

std::string help_of(const Words& words) { return parsed<Help>(words).text; }

TEST(CliHelp, EachCommandSaysWhatFlagsExitCodesAndAnExample) {
  for (const CommandText& command : command_texts()) {
    const std::string help = help_of({std::string(command.name), "--help"});
    for (const std::string& part : {std::string(command.summary), std::string("Usage: fanfare "),
                                    std::string("--help"), std::string("Exit codes: 0 "),
                                    std::string("Example: fanfare ") + std::string(command.name)}) {
      EXPECT_NE(help.find(part), std::string::npos) << command.name << " lacks " << part;
    }
    EXPECT_NE(overview().find(command.summary), std::string::npos);
    EXPECT_EQ(help, help_of({"help", std::string(command.name)}));
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(CliHelp, NamesEveryFlagOfTheContract) {
  const std::string sockets = help_of({"sockets", "-h"});
  for (const char* flag : {"--admin", "--output", "--shard", "--sort", "--limit", "--color"}) {
    EXPECT_NE(sockets.find(flag), std::string::npos) << flag;
  }
  const std::string agent = help_of({"agent", "-h"});
  for (const char* flag : {"--config", "--listen", "--admin", "--cgroup", "--node"}) {
    EXPECT_NE(agent.find(flag), std::string::npos) << flag;
  }
}

// The words between "takes one of:" and the next full stop.
Words keys_in(const std::string& help) {
  const std::string start = "takes one of:";
  const std::size_t from = help.find(start) + start.size();
  std::istringstream stream(help.substr(from, help.find('.', from) - from));
  Words keys;
  for (std::string key; stream >> key;) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST(CliHelp, ListsExactlyTheSortKeysThatWork) {
  for (const auto& [name, shape] :
       {std::pair{"shards", &shards_listing()}, std::pair{"sockets", &sockets_listing()},
        std::pair{"peers", &peers_listing()}, std::pair{"alerts", &alerts_listing()}}) {
    Words keys = sort_keys(*shape);
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(keys_in(help_of({name, "--help"})), keys);
  }
}

TEST(CliColor, FollowsTheTerminalTheEnvironmentAndTheFlag) {
  const Surroundings terminal = {.columns = 80};
  const Surroundings plain = {.columns = 80, .color_wanted = false};
  const auto color = [](const Words& words, const Surroundings& around) {
    return parse_command_line(words, around).look.color;
  };
  EXPECT_TRUE(color({"status"}, terminal));
  EXPECT_FALSE(color({"status"}, plain));
  EXPECT_FALSE(color({"status"}, {}));  // a pipe
  EXPECT_TRUE(color({"status", "--color", "always"}, {}));
  EXPECT_TRUE(color({"status", "--color", "always"}, plain));
  EXPECT_FALSE(color({"status", "--color", "never"}, terminal));
  EXPECT_TRUE(color({"status", "--color", "auto"}, terminal));
}

}  // namespace
}  // namespace fanfare
