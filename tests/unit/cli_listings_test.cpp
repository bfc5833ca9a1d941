// SPDX-License-Identifier: Apache-2.0
// Shards and sockets against an agent with canned answers: golden tables, JSON, choice of rows.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/cli_canned_answers.h"
#include "tests/unit/cli_run.h"

namespace fanfare {
namespace {

using cli_test::canned_shards;
using cli_test::canned_sockets;
using cli_test::canned_status;
using cli_test::FakeAgent;
using cli_test::http_answer;
using cli_test::Outcome;
using cli_test::run;
using cli_test::run_against;
using cli_test::Words;

TEST(CliShards, GoldenAt80) {
  const Outcome shards = run_against(canned_shards, {"shards"}, 80);
  EXPECT_EQ(shards.code, 0);
  EXPECT_EQ(shards.err, "");
  EXPECT_EQ(shards.out,
            "SHARD                  SYNCED  COVERAGE  PROPAGATION         EVENTS_OUT    OUT/S\n"
            "beast:9000                  1  100.00 %  -                            7      0.7\n"
            "fanfare-selftest            0         -  -                        2,000      0.0\n"
            "node:8080/chat.slice…   1,234   99.51 %  reach 0.99 of 0.99  12,345,678  1,234.5\n");
}

TEST(CliShards, GoldenAt120) {
  EXPECT_EQ(run_against(canned_shards, {"shards", "--sort", "coverage"}, 120).out,
            "SHARD                                   SYNCED  UNSYNCED  COVERAGE  "
            "PROPAGATION         EVENTS_OUT    OUT/S  LOST  STUCK\n"
            "node:8080/chat.slice/us-east-1.service   1,234         6   99.51 %  "
            "reach 0.99 of 0.99  12,345,678  1,234.5     8      3\n"
            "beast:9000                                   1         0  100.00 %  "
            "-                            7      0.7     0      0\n"
            "fanfare-selftest                             0         0         -  "
            "-                        2,000      0.0     0      0\n");
}

TEST(CliSockets, GoldenAt80) {
  EXPECT_EQ(run_against(canned_sockets, {"sockets"}, 80).out,
            "SHARD                         REMOTE                 STATE     EVENTS_OUT   LAST\n"
            "node:8080/chat.slice/us-eas…  203.0.113.7:50123      synced       123,456  0.4 s\n"
            "beast:9000                    127.0.0.1:50125        synced             7   12 s\n"
            "beast:9000                    [2001:db8:1:2:3:4:5:…  unsynced           7      -\n");
}

TEST(CliSockets, GoldenAt120) {
  EXPECT_EQ(
      run_against(canned_sockets, {"sockets", "--sort", "remote"}, 120).out,
      "SHARD                                   REMOTE                        STATE     "
      "EVENTS_OUT  EVENTS_IN   LAST  PACE\n"
      "beast:9000                              127.0.0.1:50125               synced             "
      "7          1   12 s  ok\n"
      "node:8080/chat.slice/us-east-1.service  203.0.113.7:50123             synced       "
      "123,456        987  0.4 s  slow\n"
      "beast:9000                              [2001:db8:1:2:3:4:5:6]:50124  unsynced           "
      "7          0      -  ok\n");
}

TEST(CliSockets, APipeGetsEverythingEscaped) {
  const std::string out = run_against(canned_sockets, {"sockets"}).out;
  for (const char* part : {"[2001:db8:1:2:3:4:5:6]:50124", "/chat.slice/us-east-1.service",
                           "bad_frame", "be\\x1b[31mast", "98,765,432", "COOKIE"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

std::vector<std::string> cookies(const std::string& json) {
  std::vector<std::string> found;
  const std::string key = "\"cookie\":";
  for (std::size_t at = json.find(key); at != std::string::npos; at = json.find(key, at + 1)) {
    found.push_back(json.substr(at + key.size(), 4));
  }
  return found;
}

TEST(CliSockets, SortFilterAndLimitHoldForJsonToo) {
  const auto order = [](Words words) {
    words.insert(words.begin(), {"sockets", "-o", "json"});
    return cookies(run_against(canned_sockets, words).out);
  };
  EXPECT_EQ(order({}), (Words{"4711", "4710", "4712"}));  // equal events_out: by cookie
  EXPECT_EQ(order({"--sort", "cookie"}), (Words{"4710", "4711", "4712"}));
  EXPECT_EQ(order({"--sort", "last_event_seconds"}), (Words{"4710", "4711", "4712"}));
  EXPECT_EQ(order({"--sort", "srtt_us"}), (Words{"4711", "4710", "4712"}));  // unknown last
  EXPECT_EQ(order({"--sort", "comm"}), (Words{"4710", "4711", "4712"}));
  EXPECT_EQ(order({"--shard", "beast:9000"}), (Words{"4710", "4712"}));
  EXPECT_EQ(order({"--shard", "none"}), Words{});
  const Outcome limited = run_against(canned_sockets, {"sockets", "--limit", "2", "-o", "json"});
  EXPECT_EQ(cookies(limited.out), (Words{"4711", "4710"}));
  EXPECT_EQ(limited.err, "first 2 of 3 sockets\n");
  EXPECT_EQ(run_against(canned_sockets, {"sockets", "--limit", "3"}).err, "");
}

TEST(CliSockets, AsksForTheShardOnly) {
  std::string asked;
  const FakeAgent agent([&asked](const std::string& target) {
    asked = target;
    return http_answer("[]");
  });
  const Outcome outcome =
      run({"sockets", "--shard", "a/b c", "-o", "json", "--admin", agent.path()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "[]\n");
  EXPECT_EQ(asked, "/api/v1/sockets?shard=a%2Fb%20c");
}

TEST(CliJson, IsTheAgentsOnOneLine) {
  const std::string shard =
      R"({"shard":"a","sockets":{"synced":1,"unsynced":0},"coverage":0.25,"events_out":1,)"
      R"("heartbeats_out":2,"control_out":3,"other_out":4,"frames_out":5,"message_bytes_out":6,)"
      R"("events_in":7,"control_in":8,"frames_in":9,"message_bytes_in":10,"events_out_per_second":0.5,)"
      R"("events_in_per_second":12.5,"opened":1,"closed":{"peer":0,"local":0,"timeout":0},)"
      R"("accepted":7,"due":8,"reached":null,"copies":1,"delivery":{"acked":1,"in_flight":0,"lost":0,)"
      R"("unknown":0,"unsent_bytes":0,"oldest_unsent_seconds":0,"oldest_unacked_seconds":0,"slow":0,)"
      R"("stuck":0,"silent":0,"edge":1,"inner":0},"worst":null,"signals":[],)"
      R"("key of a later version":["x\u001b"]})";
  const Outcome shards = run_against("[ " + shard + "\n]\n", {"shards", "-o", "json"});
  EXPECT_EQ(shards.out, "[" + shard + "]\n");
  const Outcome status =
      run_against(canned_status("[]", " [ " + shard + " ] "), {"status", "-o", "json"});
  EXPECT_EQ(status.code, 0);
  EXPECT_EQ(std::count(status.out.begin(), status.out.end(), '\n'), 1);
  EXPECT_NE(status.out.find("\"shards\":[" + shard + "],\"losses\":"), std::string::npos);
}

TEST(CliShards, AnUnknownNameIsAFinding) {
  const Outcome shards = run_against(canned_shards, {"shards", "--shard", "nope", "-o", "json"});
  EXPECT_EQ(shards.code, 1);
  EXPECT_EQ(shards.out, "[]\n");
  EXPECT_EQ(shards.err, "fanfare: the agent knows no shard \"nope\"; fanfare shards lists them\n");
}

}  // namespace
}  // namespace fanfare
