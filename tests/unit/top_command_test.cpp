// SPDX-License-Identifier: Apache-2.0
// `fanfare top` as a command: its flags, and one screen from canned answers. The live view is in
// tests/kernel/top_test.py.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "agent/cli/answer.h"
#include "agent/cli/top_asker.h"
#include "tests/unit/cli_canned_answers.h"
#include "tests/unit/cli_run.h"

namespace fanfare::cli_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string shard_name = "node:8080/chat.slice/us-east-1.service";
const std::string canned_past =
    R"json({"step_seconds":5,"now_seconds":1000,"shards_left_out":0,"shards":[{"shard":"beast:9000",
"points":[{"at":995,"events_out":2,"firing":0},{"at":1000,"events_out":null,"firing":1}]}]})json";
const std::string canned_peers =
    R"json([{"shard":"beast:9000","peer":"node-b","address":"10.0.0.2","sockets":{"synced":1,
"unsynced":0},"entries_out":5,"entries_in":6,"behind":null,"stalled_seconds":null}])json";

std::optional<std::string> canned(const std::string& target) {
  if (target == "/api/v1/status") return http_answer(canned_status("[]", canned_shards));
  if (target.starts_with("/api/v1/history")) return http_answer(canned_past);
  if (target.starts_with("/api/v1/sockets")) return http_answer(canned_sockets);
  if (target == "/api/v1/peers") return http_answer(canned_peers);
  return http_answer("no such path", "404 Not Found");
}

Outcome top(Words words, std::size_t columns = 0) {
  const FakeAgent agent(canned);
  words.insert(words.begin(), "top");
  words.insert(words.end(), {"--admin", agent.path()});
  return run(words, {.columns = columns, .color_wanted = false});
}

TopCommand parsed(const Words& words) {
  return std::get<TopCommand>(parse_command_line(words, {}).action);
}

TEST(TopCommand, Flags) {
  EXPECT_EQ(parsed({"top"}).interval_seconds, 1);
  const TopCommand all = parsed({"top", "--shard", "a", "--sort", "out", "--interval", "2.5",
                                 "--once", "-o", "json", "--ascii", "--admin", "/x"});
  EXPECT_EQ(all.shard, "a");
  EXPECT_EQ(all.sort, "out");
  EXPECT_EQ(all.interval_seconds, 2.5);
  EXPECT_TRUE(all.once && all.ascii);
  EXPECT_EQ(all.output, Output::json);
  EXPECT_EQ(all.admin, "/x");
}

TEST(TopCommand, WhatCannotBeObeyedIsRefused) {
  const auto refused = [](const Words& words, const std::string& why) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(why));
  };
  refused({"top", "-o", "json"}, "-o json goes with --once only");
  refused({"top", "--interval", "0"}, "\"0\" is not a number of seconds from 0.2 to 3600");
  refused({"top", "--interval", "nan"}, "is not a number of seconds");
  refused({"top", "--sort", "outt"}, "did you mean \"out\"?");
  refused({"top"}, "needs a terminal; take one screen with \"fanfare top --once\"");
}

TEST(TopCommand, OneScreen) {
  const Outcome shards = top({"--once", "--ascii"}, 100);
  EXPECT_EQ(shards.code, 0) << shards.err;
  EXPECT_THAT(shards.out, StartsWith("fanfare 0.1.0  host-a  ready  no alert  scraped 4.2 s ago\n"
                                     "shards  3\n  SHARD"));
  EXPECT_THAT(shards.out, HasSubstr("reach 0.99 of 0.99"));
  const Outcome sockets = top({"--once", "--ascii", "--shard", "beast:9000"});
  EXPECT_EQ(sockets.code, 0) << sockets.err;
  EXPECT_THAT(sockets.out, HasSubstr("beast:9000 > sockets  3\n"));
  EXPECT_THAT(sockets.out, HasSubstr("be\\x1b[31mast"));
  const Outcome nobody = top({"--once", "--shard", "nobody"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("knows no shard \"nobody\""));
}

TEST(TopCommand, OneScreenAsJsonIsWhatTheAgentSaid) {
  const Outcome outcome = top({"--once", "-o", "json", "--shard", "beast:9000"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto object = boost::json::parse(outcome.out).as_object();
  EXPECT_EQ(object.at("status"), boost::json::parse(canned_status("[]", canned_shards)));
  EXPECT_EQ(object.at("history"), boost::json::parse(canned_past));
  EXPECT_EQ(object.at("sockets"), boost::json::parse(canned_sockets));
  EXPECT_EQ(object.at("peers"), boost::json::parse(canned_peers));
}

TEST(TopCommand, AnAlertIsAFinding) {
  const std::string alert =
      R"json("alerts":[{"alertname":"FanfareBlind","severity":"warning","state":"firing",
"shard":"beast:9000","peer":null,"step":"capture","summary":"Blind.","why":"w","next":"n",
"since_seconds":3}])json";
  const std::string status = with(canned_status("[]", canned_shards), R"("alerts":[])", alert);
  const FakeAgent agent([&](const std::string& target) {
    return target == "/api/v1/status" ? http_answer(status) : canned(target);
  });
  const Outcome outcome = run({"top", "--once", "--ascii", "--admin", agent.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("1 alert fires"));
  EXPECT_THAT(outcome.out, HasSubstr("\n! beast:9000"));
  EXPECT_THAT(outcome.out,
              HasSubstr("\nwarning FanfareBlind  beast:9000\nBlind.\nwhy: w\nnext: n\n"));
  EXPECT_EQ(run({"top", "--once", "-o", "json", "--admin", agent.path()}).code, 1);
}

TEST(TopCommand, NoAgentIsSaid) {
  const Outcome outcome = run({"top", "--once", "--admin", "/nonexistent/admin.sock"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("no agent at /nonexistent/admin.sock"));
  const FakeAgent rubbish([](const std::string&) { return http_answer("{}"); });
  EXPECT_EQ(run({"top", "--once", "--admin", rubbish.path()}).code, 3);
}

TEST(TopData, ReadsWhatTheAgentGives) {
  const auto answer = top::read_answer(
      {canned_status(R"([{"code":"FF-STALE","text":"Old.","remedy":"Look."}])", canned_shards),
       canned_past, canned_sockets, canned_peers},
      "beast:9000");
  ASSERT_EQ(answer.shards.size(), 3U);
  EXPECT_EQ(answer.shards[0].name, shard_name);
  EXPECT_EQ(answer.shards[0].unsynced, 6U);
  EXPECT_EQ(answer.shards[0].worst->relative, 0.998);
  EXPECT_FALSE(answer.shards[1].coverage);
  ASSERT_EQ(answer.alerts.size(), 1U);
  EXPECT_EQ(answer.alerts[0].severity, "finding");
  EXPECT_EQ(top::firing(answer), 0U) << "a finding is no alert";
  ASSERT_EQ(answer.sockets.size(), 3U);
  EXPECT_EQ(answer.sockets[0].out, 123456U);
  EXPECT_FALSE(answer.sockets[1].pid);
  ASSERT_EQ(answer.peers.size(), 1U);
  EXPECT_EQ(answer.peers[0].entries_in, 6U);
  const auto& bars = answer.past->shards.at("beast:9000");
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_FALSE(bars[1].events_out);
  EXPECT_EQ(bars[1].firing, 1U);
  EXPECT_EQ(top::newest(*answer.past), 1000);
  EXPECT_THROW(top::read_answer({"{}", "", "", ""}, ""), BadAnswer);
  EXPECT_THROW(top::read_answer({canned_status("[]", "[]"), "[", "", ""}, ""), BadAnswer);
}

}  // namespace
}  // namespace fanfare::cli_test
