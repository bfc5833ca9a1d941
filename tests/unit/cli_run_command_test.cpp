// SPDX-License-Identifier: Apache-2.0
// Status, the cron check, bad answers, config and version: screens, sentences, exit codes.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/unit/cli_canned_answers.h"
#include "tests/unit/cli_run.h"

namespace fanfare {
namespace {

using cli_test::canned_shards;
using cli_test::canned_sockets;
using cli_test::canned_status;
using cli_test::Outcome;
using cli_test::run;
using cli_test::run_against;
using cli_test::with;
using cli_test::Words;

TEST(CliStatus, GoldenScreen) {
  const Outcome status = run_against(canned_status("[]", canned_shards), {"status"}, 80);
  EXPECT_EQ(status.code, 0);
  EXPECT_EQ(status.err, "");
  EXPECT_EQ(status.out,
            "fanfare 0.1.0 on host-a (cluster default), up 3 h 12 min, ready\n"
            "loaded    attached to /sys/fs/cgroup (the host's root)\n"
            "scope     proven: a socket in another network namespace was counted\n"
            "fresh     snapshot 0.4 s old, tick takes 2.1 ms of CPU\n"
            "scraped   4.2 s ago\n"
            "config    /etc/fanfare/fanfare.yaml\n"
            "covering  1,235 of 1,241 client sockets are counted exactly\n"
            "alerting  nobody: no Alertmanager is configured\n"
            "\n"
            "alerts: none\n"
            "\n"
            "SHARD                  SYNCED  COVERAGE  PROPAGATION         EVENTS_OUT    OUT/S\n"
            "beast:9000                  1  100.00 %  -                            7      0.7\n"
            "fanfare-selftest            0         -  -                        2,000      0.0\n"
            "node:8080/chat.slice…   1,234   99.51 %  reach 0.99 of 0.99  12,345,678  1,234.5\n"
            "\n"
            "losses\n"
            "  mptcp 1,234 (3 in the last minute)\n"
            "    MPTCP subflows are not readable, because their bytes are not in the order of\n"
            "    the stream; turn MPTCP off for the server (net.mptcp.enabled=0) to have it\n"
            "    counted.\n"
            "  from_the_future 1 (0 in the last minute)\n"
            "    This fanfare is older than the agent and does not know the reason.\n"
            "findings: none\n");
}

TEST(CliStatus, AFindingIsShownWithItsRemedyAndFails) {
  const std::string findings =
      R"([{"code":"FF-SCOPE","text":"Not \u001b[2Jproven.","remedy":"Run it as root."}])";
  const Outcome status = run_against(canned_status(findings, "[]"), {"status"});
  EXPECT_EQ(status.code, 1);
  EXPECT_NE(status.out.find("findings\n  FF-SCOPE: Not \\x1b[2Jproven.\n"
                            "    remedy: Run it as root.\n"),
            std::string::npos)
      << status.out;
  EXPECT_NE(status.out.find("no shards: no WebSocket server has been seen on this host\n"),
            std::string::npos);
  EXPECT_EQ(run_against(canned_status(findings, "[]"), {"status", "-o", "json"}).code, 1);
}

TEST(CliStatus, SaysWhatIsNotAsItShouldBe) {
  std::string bad = canned_status("[]", "[]");
  bad = with(bad, "\"ready\":true", "\"ready\":false");
  bad = with(bad, "\"attached\":true", "\"attached\":false");
  bad = with(bad, "\"last_scrape_seconds\":4.2", "\"last_scrape_seconds\":null");
  bad = with(bad, "\"snapshot_age_seconds\":0.4", "\"snapshot_age_seconds\":null");
  bad = with(bad, "\"config_file\":\"/etc/fanfare/fanfare.yaml\"", "\"config_file\":null");
  bad = with(bad, "\"config_reload_ok\":true", "\"config_reload_ok\":false");
  const Outcome status = run_against(bad, {"status"});
  EXPECT_EQ(status.code, 1);
  for (const char* line : {"not ready\n", "loaded    no: the kernel programs are not attached\n",
                           "scraped   never: no Prometheus asks this agent\n",
                           "fresh     no: nothing has been read yet\n",
                           "config    last reload refused, the old one stands: defaults, no file\n",
                           "covering  no client sockets are open\n"}) {
    EXPECT_NE(status.out.find(line), std::string::npos) << line << status.out;
  }
}

TEST(CliFailBelow, CoverageDecides) {
  const auto shards = [](const char* ratio) {
    return run_against(canned_shards, {"shards", "--fail-below", ratio});
  };
  EXPECT_EQ(shards("0.99").code, 0);
  EXPECT_EQ(shards("0.99").err, "");
  EXPECT_EQ(shards("0.996").code, 1);
  EXPECT_EQ(shards("0.996").err,
            "fanfare: coverage of shard node:8080/chat.slice/us-east-1.service is "
            "0.9951612903225806, below 0.996\n");
  const std::string fine = canned_status("[]", canned_shards);
  EXPECT_EQ(run_against(fine, {"status", "--fail-below", "0.99"}).code, 0);
  EXPECT_EQ(run_against(fine, {"status", "--fail-below", "0.996"}).code, 1);
  EXPECT_EQ(run_against(fine, {"status", "-o", "json", "--fail-below", "0.996"}).code, 1);
}

TEST(CliFailBelow, UnknownFailsAndSoDoesNoShard) {
  const std::string unknown = with(canned_shards, "\"coverage\":1,", "\"coverage\":null,");
  EXPECT_EQ(run_against(unknown, {"shards"}).code, 0);
  const Outcome failed = run_against(unknown, {"shards", "--fail-below", "0"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.err,
            "fanfare: coverage of shard beast:9000 is unknown: it has no client sockets\n");
  const Outcome none = run_against("[]", {"shards", "--fail-below", "0"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.err, "fanfare: there is no shard whose coverage could be checked\n");
}

TEST(CliBadAnswers, AreSaidAndExitWithThree) {
  const std::string head = "fanfare: the agent's answer makes no sense: ";
  const std::string tail =
      "; are the agent and this program of the same version? (fanfare version)\n";
  const auto complaint = [&](const std::string& body, const Words& words) {
    const Outcome outcome = run_against(body, words);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err.substr(0, head.size()), head);
    const std::size_t end = outcome.err.size() - std::min(outcome.err.size(), tail.size());
    EXPECT_EQ(outcome.err.substr(end), tail);
    return outcome.err.substr(head.size(), end - head.size());
  };
  EXPECT_EQ(complaint("", {"shards"}), "not JSON (incomplete JSON): nothing");
  EXPECT_EQ(complaint("<html>\x1b", {"shards"}), "not JSON (syntax error): <html>\\x1b");
  EXPECT_EQ(complaint("[1]", {"sockets"}), "\"a row\" is not an object");
  EXPECT_EQ(complaint("{}", {"sockets"}), "\"the answer\" is not an array");
  EXPECT_EQ(complaint("[]", {"status"}), "\"the status\" is not an object");
  EXPECT_EQ(complaint("{}", {"status", "-o", "json"}), "\"findings\" is missing");
  EXPECT_EQ(complaint("[{}]", {"shards", "-o", "json"}), "\"shard\" is missing");
  EXPECT_EQ(complaint(with(canned_shards, "\"synced\":1234", "\"synced\":-1"), {"shards"}),
            "\"sockets.synced\" is not a count");
  EXPECT_EQ(complaint(with(canned_shards, "\"events_out\":7", "\"events_out\":7.5"), {"shards"}),
            "\"events_out\" is not a count");
  EXPECT_EQ(complaint(with(canned_shards, "{\"synced\":1234,\"unsynced\":6,\"dark\":0}", "7"),
                      {"shards"}),
            "\"sockets.synced\" is not an object");
  EXPECT_EQ(complaint(with(canned_sockets, "\"state\":\"synced\"", "\"state\":[]"), {"sockets"}),
            "\"state\" is not a string");
  EXPECT_EQ(complaint(with(canned_status("[]", "[]"), "\"ready\":true", "\"ready\":1"), {"status"}),
            "\"ready\" is not true or false");
  EXPECT_EQ(complaint(with(canned_status("[]", "[]"), "\"node\":\"host-a\",", ""), {"status"}),
            "\"node\" is missing");
  EXPECT_EQ(complaint(std::string(100000, '['), {"shards"}).substr(0, 26),
            "not JSON (too deep): [[[[[");
}

TEST(CliNoAgent, ExitsWithThree) {
  for (const char* command : {"status", "shards", "sockets", "peers", "alerts", "selftest"}) {
    const Outcome outcome = run({command, "--admin", "/nowhere/admin.sock"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err,
              "fanfare: no agent at /nowhere/admin.sock: is it running? start it with \"fanfare "
              "agent\", or say where its admin socket is with --admin PATH\n");
  }
}

// MiB, by the second line of `config check`; 0: it does not say.
unsigned long maps_of(std::uint32_t sockets) {
  const cli_test::TemporaryDirectory directory;
  const std::string file = directory.file("limits.yaml");
  std::ofstream(file) << "limits: {sockets: " << sockets << "}\n";
  const Outcome outcome = run({"config", "check", file});
  const std::string ends = " MiB of memory, locked when the agent starts\n";
  const auto at = outcome.out.find("\nmaps: ");
  EXPECT_EQ(outcome.code, 0);
  if (at == std::string::npos || !outcome.out.ends_with(ends)) return 0;
  return std::stoul(outcome.out.substr(at + 7));
}

// A record is 832 bytes, its place stands in two queues of a word and an index of 32 bytes a
// socket, and two tables that grow with use have 32 and 16 bytes a socket from the start.
TEST(CliConfigCommands, CheckSaysWhatTheMapsTake) {
  constexpr std::uint32_t many = 1U << 20;
  const auto once = maps_of(many);
  EXPECT_GT(once, 832U + 8 + 8 + 32 + 32 + 16);
  EXPECT_EQ(maps_of(2 * many) - once, 832U + 8 + 8 + 32 + 32 + 16);
  EXPECT_EQ(maps_of(4 * many) - once, 3 * (832U + 8 + 8 + 32 + 32 + 16));
}

TEST(CliConfigCommands, CheckShowAndSchema) {
  const cli_test::TemporaryDirectory directory;
  const std::string good = directory.file("good.yaml");
  std::ofstream(good) << "node: n1\nshards:\n  - {name: a, match: {listen_ports: [1]}}\n";
  EXPECT_EQ(run({"config", "check", good}).out.find(good + ": ok (1 shard)\nmaps: "), 0U);
  EXPECT_EQ(run({"config", "check", good}).code, 0);
  const std::string empty = directory.file("empty.yaml");
  std::ofstream(empty) << "";
  EXPECT_EQ(run({"config", "check", empty}).out.find(empty + ": ok (0 shards)\nmaps: "), 0U);

  const std::string bad = directory.file("bad.yaml");
  std::ofstream(bad) << "node: n1\nlisten_on: x\n";
  for (const Words& words :
       {Words{"config", "check", bad}, Words{"config", "show", "--config", bad}}) {
    const Outcome refused = run(words);
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.out, "");
    EXPECT_EQ(refused.err.find("fanfare: " + bad + ":2: "), 0U) << refused.err;
  }
  EXPECT_EQ(run({"config", "check", directory.file("none.yaml")}).code, 2);
  EXPECT_NE(run({"config", "show", "--config", good}).out.find("node: n1\n"), std::string::npos);
  EXPECT_NE(run({"config", "show"}).out.find("node: auto\n"), std::string::npos);
  EXPECT_EQ(run({"config", "schema"}).out.front(), '{');
}

TEST(CliVersion, TextAndJson) {
  const Surroundings around = {.version = "1.2.3"};
  EXPECT_EQ(run({"version"}, around).out.find("fanfare 1.2.3 ("), 0U);
  EXPECT_EQ(run({"version", "-o", "json"}, around).out.find("{\"version\":\"1.2.3\",\"build\":\""),
            0U);
}

TEST(CliOutput, ThatCannotBeWrittenIsNoSuccess) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(run_command(parse_command_line({"version"}, {}), full, err), 4);
  EXPECT_EQ(err.str(), "fanfare: cannot write the output: is the disk full?\n");
}

}  // namespace
}  // namespace fanfare
