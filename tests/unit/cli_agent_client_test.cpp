// SPDX-License-Identifier: Apache-2.0
// Every way in which the agent can fail to answer, with the sentence that the operator reads.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "agent/cli/agent_client.h"
#include "tests/unit/cli_fake_agent.h"

namespace fanfare {
namespace {

using cli_test::FakeAgent;
using cli_test::http_answer;

AgentAddress address(const std::string& path) {
  return {.path = path, .timeout = std::chrono::milliseconds(5000)};
}

std::string failure(const AgentAddress& agent) {
  try {
    return "answered " + ask_agent(agent, "/api/v1/status");
  } catch (const AgentUnreachable& error) {
    return error.what();
  }
}

std::string failure_after(const std::string& answer) {
  const FakeAgent agent([&answer](const std::string&) { return answer; });
  std::string text = failure(address(agent.path()));
  const std::size_t at = text.find(agent.path());
  return at == std::string::npos ? text : text.replace(at, agent.path().size(), "PATH");
}

TEST(CliAgentClient, GivesTheBodyAndAsksForTheTarget) {
  const FakeAgent agent([](const std::string& target) { return http_answer("[" + target + "]"); });
  EXPECT_EQ(ask_agent(address(agent.path()), "/a?shard=x%20y"), "[/a?shard=x%20y]");
}

TEST(CliAgentClient, AnAnswerLargerThanAnyBufferArrivesWhole) {
  std::string body;
  body.resize(20'000'000, 'x');
  const FakeAgent agent([&body](const std::string&) { return http_answer(body); });
  EXPECT_EQ(ask_agent(address(agent.path()), "/"), body);
}

TEST(CliAgentClient, EncodesWhatAQueryCannotHold) {
  EXPECT_EQ(url_encoded("node:8080/a b&c=d#é"), "node%3A8080%2Fa%20b%26c%3Dd%23%C3%A9");
}

TEST(CliAgentClient, NoSocketFile) {
  EXPECT_EQ(
      failure(address("/nowhere/admin.sock")),
      "no agent at /nowhere/admin.sock: is it running? start it with \"fanfare agent\", or say "
      "where its admin socket is with --admin PATH");
}

TEST(CliAgentClient, StaleSocketFile) {
  const cli_test::TemporaryDirectory directory;
  const std::string path = directory.file("stale.sock");
  {
    boost::asio::io_context context;
    const boost::asio::local::stream_protocol::acceptor gone(context, path);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(failure(address(path)),
            "nobody listens at " + path +
                ": the file was left by an agent that is gone, or is no socket; start the agent "
                "again with \"fanfare agent\"");
}

// Root passes every mode, so the test asks as another user where it can.
TEST(CliAgentClient, NoPermission) {
  const FakeAgent agent([](const std::string&) { return http_answer("{}"); });
  const std::string directory = std::filesystem::path(agent.path()).parent_path();
  ASSERT_EQ(chmod(directory.c_str(), 0755), 0);
  ASSERT_EQ(chmod(agent.path().c_str(), 0), 0);
  const uid_t self = geteuid();
  ASSERT_EQ(self == 0 ? seteuid(65534) : 0, 0);
  const std::string text = failure(address(agent.path()));
  ASSERT_EQ(seteuid(self), 0);
  EXPECT_EQ(text, "no permission to ask the agent at " + agent.path() +
                      ": root and members of the socket's group may; run this with sudo, or join "
                      "the group (ls -l " +
                      agent.path() + ")");
}

TEST(CliAgentClient, PathsThatNoSocketCanHave) {
  EXPECT_EQ(failure(address(std::string(200, 'x'))),
            "a path of 200 bytes cannot be a unix socket (1 to 107 are allowed): give another "
            "--admin PATH");
  EXPECT_EQ(failure(address("")),
            "a path of 0 bytes cannot be a unix socket (1 to 107 are allowed): give another "
            "--admin PATH");
}

TEST(CliAgentClient, NoAnswerInTime) {
  const FakeAgent agent([](const std::string&) { return std::nullopt; });
  AgentAddress impatient = address(agent.path());
  impatient.timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(failure(impatient), "the agent at " + agent.path() +
                                    " did not answer within 0.2 s: is it stopped or overloaded?");
}

TEST(CliAgentClient, AHalfAnswerInTimeIsNoAnswer) {
  EXPECT_EQ(failure_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,"),
            "what listens at PATH gave no HTTP answer (partial message): is it a fanfare agent?");
}

TEST(CliAgentClient, ClosedWithoutAnAnswer) {
  EXPECT_EQ(failure_after(""),
            "the agent at PATH closed the connection without an answer: root and members of the "
            "socket's group may ask; the agent's log has the reason");
}

TEST(CliAgentClient, SomethingElseListens) {
  EXPECT_EQ(failure_after("SSH-2.0-OpenSSH_9.2p1\r\n"),
            "what listens at PATH gave no HTTP answer (bad version): is it a fanfare agent?");
}

TEST(CliAgentClient, RefusedByTheAgent) {
  EXPECT_EQ(failure_after(http_answer("no", "403 Forbidden")),
            "the agent at PATH refuses to answer: root and members of the socket's group may ask; "
            "run this with sudo, or join the group");
}

TEST(CliAgentClient, NotYet) {
  EXPECT_EQ(failure_after(http_answer("starting\n", "503 Service Unavailable")),
            "the agent at PATH cannot answer yet (starting): try again in a second");
}

TEST(CliAgentClient, AnotherVersionAndHostileText) {
  EXPECT_EQ(failure_after(http_answer("\x1b[2Jno\nmore", "404 Not Found")),
            "the agent at PATH answered 404 to /api/v1/status (\\x1b[2Jno): is it of another "
            "version? (fanfare version)");
}

TEST(CliAgentClient, AnAnswerOverTheLimit) {
  const FakeAgent agent([](const std::string&) { return http_answer(std::string(1001, ' ')); });
  AgentAddress narrow = address(agent.path());
  narrow.longest_answer = 1000;
  EXPECT_EQ(failure(narrow), "the answer of the agent at " + agent.path() +
                                 " is longer than 1000 bytes; ask for less with --shard NAME");
  narrow.longest_answer = 1001;
  EXPECT_EQ(failure(narrow), "answered " + std::string(1001, ' '));
}

}  // namespace
}  // namespace fanfare
