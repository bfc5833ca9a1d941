// SPDX-License-Identifier: Apache-2.0
// Explanations at the shell: what people read of an agent's answer, and the exit codes.
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/cli_run.h"

namespace fanfare {
namespace {

using cli_test::run_against;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* whole = R"([{"what":"chat-1","kind":"shard","shard":"chat-1","alert":null,
  "ports":[8080],"pids":[321],"links":[{"link":"agent","state":"ok","text":"attached to /, reads every second","remedy":null},
  {"link":"mapped","state":"note","text":"shard chat-1, named after process and port: no rule fits","remedy":"A rule"}],
  "broken":null}])";

constexpr const char* torn =
    R"([{"what":":8080","kind":"port","shard":"chat\u001b[31m","alert":null,
  "ports":[8080],"pids":[4194305],"links":[{"link":"process","state":"ok","text":"chatd\u001b[2J (pid 4194305) listens on port 8080","remedy":null},
  {"link":"socket","state":"broken","text":"no connection to port 8080 is followed","remedy":"Connect a client and look again."}],
  "broken":1}])";

TEST(CliExplain, AChainThatHolds) {
  const auto outcome = run_against(whole, {"explain", "chat-1"}, 60);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "shard chat-1\n"
            "  ok       agent       attached to /, reads every second\n"
            "  note     mapped      shard chat-1, named after process and\n"
            "                       port: no rule fits\n"
            "the chain holds\n");
}

TEST(CliExplain, TheFirstBrokenLinkStandsAtTheEndWithWhatToDo) {
  const auto outcome = run_against(torn, {"explain", ":8080"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, StartsWith("port :8080, shard chat\\x1b[31m\n"
                                      "  ok       process     chatd\\x1b[2J (pid 4194305)"));
  EXPECT_THAT(outcome.out,
              HasSubstr("  broken   socket      no connection to port 8080 is followed\n"
                        "broken: socket: no connection to port 8080 is followed\n"
                        "do: Connect a client and look again.\n"));
}

// This process has an established connection to the fake agent, though on no TCP port.
TEST(CliExplain, TheKernelSaysWhetherAnybodyIsConnected) {
  const std::string here =
      cli_test::with(torn, "[4194305]", "[" + std::to_string(::getpid()) + "]");
  EXPECT_THAT(run_against(here, {"explain", ":8080"}).out,
              HasSubstr("kernel: no connection is established: no client has connected\n"));
}

TEST(CliExplain, Json) {
  const auto outcome = run_against(torn, {"explain", ":8080", "-o", "json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, StartsWith("[{\"what\":\":8080\""));
}

TEST(CliExplain, NothingKnown) {
  const auto err = [](const char* what) {
    const auto outcome = run_against("[]", {"explain", what});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_THAT(err("chat-9"),
              StartsWith("fanfare: the agent knows no shard and no alert \"chat-9\""));
  EXPECT_THAT(err(":4194305"), StartsWith("fanfare: nobody on this host listens on port 4194305"));
  EXPECT_EQ(
      err(std::to_string(::getpid()).c_str()),
      "fanfare: process " + std::to_string(::getpid()) +
          " listens on no TCP port: name the process that accepts the clients, or the port\n");
}

TEST(CliExplain, NeedsWhat) {
  const auto outcome = cli_test::run({"explain"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("WHAT"));
}

}  // namespace
}  // namespace fanfare
