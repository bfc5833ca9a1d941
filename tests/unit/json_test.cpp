// SPDX-License-Identifier: Apache-2.0
// The JSON that users script against, as golden texts: a changed key or order is a changed
// contract.
#include "agent/exports/json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "agent/exports/findings.h"
#include "agent/exports/json_text.h"
#include "agent/exports/sockets_json.h"
#include "tests/unit/sample_view.h"

namespace fanfare {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

const std::string shards_golden =
    R"([{"shard":"chat","sockets":{"synced":1,"unsynced":0,"dark":0},"coverage":1,)"
    R"("events_out":7,"heartbeats_out":0,"control_out":2,"other_out":1,"frames_out":12,)"
    R"("message_bytes_out":1458,"events_in":2,"heartbeats_in":0,"control_in":1,"other_in":0,)"
    R"("frames_in":3,"message_bytes_in":84,)"
    R"("events_out_per_second":0.7,"events_in_per_second":0.2,"opened":5,)"
    R"("closed":{"peer":2,"local":1,"timeout":1},"accepted":2,"due":2,"reached":null,"copies":7,)"
    R"("losses":{"out":0,"in":0,"replication":0,"strangers":0},)"
    R"("delivery":{"acked":5,"in_flight":1,"lost":1,"lost_by":{"reset":0,"timeout":1,"close":0},)"
    R"("unknown":0,"unsent_bytes":16,"oldest_unsent_seconds":0,"oldest_unacked_seconds":1.5,)"
    R"("slow":1,"stuck":0,"silent":1,"judged":1,"edge":1,"inner":0,"bookkeeping_error":0},)"
    R"("worst":null,"signals":[]}])";

// A view with one flow to play with.
struct OneSocket {
  OneSocket() { view.snapshot = snapshot; }
  fanfare_flow& flow() { return snapshot->flows[0]; }
  json::object parsed() const {
    return json::parse(sockets_json(view, sample::now)).as_array().at(0).as_object();
  }

  std::shared_ptr<Snapshot> snapshot = sample::snapshot();
  View view = sample::view();
};

std::vector<std::string> codes(const View& view, Monotonic now = sample::now) {
  std::vector<std::string> found;
  for (const Finding& finding : findings(view, now)) {
    EXPECT_TRUE(finding.text.ends_with('.')) << finding.text;
    EXPECT_TRUE(finding.remedy.ends_with('.')) << finding.remedy;
    found.push_back(finding.code);
  }
  return found;
}

using Codes = std::vector<std::string>;

TEST(Json, TextIsForPeopleToo) {
  EXPECT_EQ(json_text({{"a", 12.5}, {"b", 1.0}, {"c", {1, nullptr, "x\"\n\x1b"}}, {"d", true}}),
            R"({"a":12.5,"b":1,"c":[1,null,"x\"\n\u001b"],"d":true})");
  EXPECT_EQ(json_text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(json_text(std::uint64_t{18446744073709551615U}), "18446744073709551615");
  EXPECT_EQ(json_text(json::object{}), "{}");
  EXPECT_EQ(json_text(json::array{}), "[]");
}

TEST(Json, ShardsGolden) { EXPECT_EQ(shards_json(sample::view()), shards_golden + "\n"); }

TEST(Json, UnknownCoverageIsNull) {
  View view = sample::view();
  view.shards[0].coverage.reset();
  const json::value shards = json::parse(shards_json(view));
  EXPECT_TRUE(shards.at(0).at("coverage").is_null());
}

TEST(Json, StatusGolden) {
  View view = sample::view();
  view.losses = {{"bad_frame", 3, 0}};
  EXPECT_EQ(
      status_json(view, sample::now),
      R"({"version":"0.1.0","node":"host-a","cluster":"test","ready":true,"findings":[],)"
      R"("note":null,"started_seconds":1700000000,"uptime_seconds":91.5,)"
      R"("tick_seconds":0.0042,"snapshot_age_seconds":1.5,"last_scrape_seconds":4.5,)"
      R"("attached":true,"attached_text":null,"self_check":null,"self_check_text":null,"cgroup":"/sys/fs/cgroup","subtree":false,"scope":"proven",)"
      R"("scope_text":"A socket in a foreign network namespace was counted.",)"
      R"("config_file":null,"config_reload_ok":true,"kubernetes":null,"alerts":[],"alertmanagers":[],)"
      R"("worst":null,"shards":)" +
          shards_golden +
          R"(,"losses":{"bad_frame":{"count":3,"recent":0}},)"
          R"("maps":[{"map":"flows","entries":1,"capacity":131072}],)"
          R"("programs":[{"program":"on_egress","runs":20,"run_seconds":3e-06}]})"
          "\n");
}

TEST(Json, StatusOfAnAgentThatHasSeenNothing) {
  View view = sample::view();
  view.shards.clear();
  view.last_scrape_seconds = -1;
  view.health.config_file = "/etc/fanfare.yaml";
  const json::value status = json::parse(status_json(view, sample::now));
  EXPECT_TRUE(status.at("last_scrape_seconds").is_null());
  EXPECT_EQ(status.at("config_file").as_string(), "/etc/fanfare.yaml");
  EXPECT_TRUE(status.at("note").is_string());
  EXPECT_TRUE(status.at("findings").as_array().empty());
  EXPECT_TRUE(status.at("ready").as_bool());
}

TEST(Json, SocketGolden) {
  EXPECT_EQ(
      sockets_json(sample::view(), sample::now),
      "[\n"
      R"({"cookie":1001,"shard":"chat","role":"client","hop":"edge","protocol":"websocket",)"
      R"("local":"192.0.2.1:8080","remote":"203.0.113.77:50001","netns":4026531840,)"
      R"("cgroup":"/chat","unit":null,"namespace":null,"pod":null,"container":null,"pid":321,"comm":"chatd","unsent_bytes":16,"srtt_us":250,)"
      R"("state":"synced","reason":null,"opened_seconds":61.5,"last_event_seconds":3.5,)"
      R"("events_out":7,"heartbeats_out":0,"control_out":0,"other_out":0,"frames_out":7,)"
      R"("bytes_out":1414,"events_in":2,"publishes_accepted":0,"heartbeats_in":0,"control_in":1,"other_in":0,"frames_in":3,"bytes_in":99,)"
      R"("losses_out":0,"losses_in":0,)"
      R"("rpcs_out":null,"rpcs_in":null,"entries_out":null,"entries_in":null,)"
      R"("acked":5,"in_flight":2,"lost":0,"unknown":0,"unsent_seconds":0,)"
      R"("unacked_seconds":1.5,"pace":"slow","silent":false})"
      "\n]\n");
}

TEST(Json, ASocketNamesWhoRunsInItsCgroup) {
  OneSocket one;
  auto owners = std::make_shared<Owners>(*one.snapshot->owners);
  const std::string container(64, 'a');
  const auto shown = [&](const std::string& path) {
    owners->cgroup_paths[42] = path;
    one.snapshot->owners = owners;
    const auto socket = one.parsed();
    return json::serialize(json::array{socket.at("unit"), socket.at("namespace"), socket.at("pod"),
                                       socket.at("container")});
  };
  EXPECT_EQ(shown("/system.slice/chatd.service"), R"(["chatd.service",null,null,null])");
  EXPECT_EQ(shown("/docker/" + container), R"([null,null,null,"aaaaaaaaaaaa"])");
  const std::string in_pod = "/kubepods/pod0f7ac8b1-5d4e-4c3b-9a21-6f0e8d7c5b4a/" + container;
  EXPECT_EQ(shown(in_pod), R"([null,null,null,"aaaaaaaaaaaa"])") << "not named yet";
  Pod pod{.uid = "0f7ac8b1-5d4e-4c3b-9a21-6f0e8d7c5b4a",
          .name_space = "chat",
          .name = "chat-0",
          .node = "n"};
  pod.containers = {{container, "chatd"}};
  one.snapshot->pods = std::make_shared<PodTable>(std::map<std::string, Pod>{{pod.uid, pod}});
  EXPECT_EQ(shown(in_pod), R"([null,"chat","chat-0","chatd"])");
}

TEST(Json, SocketHasTheKeysOfTheContract) {
  const json::object socket = OneSocket().parsed();
  for (const char* key :
       {"cookie",      "shard",     "role",           "hop",        "protocol",
        "local",       "remote",    "netns",          "pid",        "comm",
        "state",       "acked",     "opened_seconds", "events_out", "heartbeats_out",
        "control_out", "other_out", "frames_out",     "events_in",  "in_flight",
        "lost",        "bytes_out", "unsent_bytes",   "srtt_us",    "last_event_seconds"}) {
    EXPECT_TRUE(socket.contains(key)) << key;
  }
}

TEST(Json, WhatIsNotKnownIsNull) {
  OneSocket one;
  one.snapshot->owners = std::make_shared<Owners>();
  one.flow().opened_ns = 0;
  one.flow().out.last_event_ns = 0;
  const json::object socket = one.parsed();
  for (const char* key : {"pid", "comm", "srtt_us", "unsent_bytes", "cgroup", "opened_seconds",
                          "last_event_seconds", "reason"}) {
    EXPECT_TRUE(socket.at(key).is_null()) << key;
  }
}

TEST(Json, LastEventIsNotTheTimeOfAPing) {
  OneSocket one;
  one.flow().out.last_ns = sample::now.count();
  EXPECT_EQ(one.parsed().at("last_event_seconds").as_double(), 3.5);
}

TEST(Json, UnsyncedSaysWhy) {
  OneSocket one;
  one.flow().out.stage = FANFARE_STAGE_SEARCH;
  one.flow().out.lost_by = FANFARE_LOSS_EGRESS_HOLE;
  json::object socket = one.parsed();
  EXPECT_EQ(socket.at("state").as_string(), "unsynced");
  EXPECT_EQ(socket.at("reason").as_string(), "egress_hole");
  EXPECT_EQ(socket.at("protocol").as_string(), "websocket");

  one.flow().out.flags = 0;
  one.flow().out.tally.frames = 0;
  one.flow().out.lost_by = FANFARE_LOSS_NONE;
  socket = one.parsed();
  EXPECT_TRUE(socket.at("reason").is_null());
  EXPECT_EQ(socket.at("protocol").as_string(), "unknown");
}

TEST(Json, MqttHasItsNameAndStages) {
  OneSocket one;
  one.flow().protocol = FANFARE_MQTT;
  one.flow().out.stage = FANFARE_STAGE_PACKETS;
  EXPECT_EQ(one.parsed().at("protocol").as_string(), "mqtt");
  EXPECT_EQ(one.parsed().at("state").as_string(), "synced");
  one.flow().out.stage = FANFARE_STAGE_PACKET_SEARCH;
  EXPECT_EQ(one.parsed().at("state").as_string(), "unsynced");
}

TEST(Json, HopIsInnerForWhatRunsOnThisHost) {
  OneSocket one;
  EXPECT_EQ(one.parsed().at("hop").as_string(), "edge");

  sample::set_address(one.flow().remote, {127, 9, 9, 9});
  EXPECT_EQ(one.parsed().at("hop").as_string(), "inner") << "loopback";

  sample::set_address(one.flow().remote, {192, 0, 2, 1});
  EXPECT_EQ(one.parsed().at("hop").as_string(), "inner") << "a local address of a flow";

  sample::set_address(one.flow().remote, {198, 51, 100, 5});
  EXPECT_EQ(one.parsed().at("hop").as_string(), "edge");
  auto owners = std::make_shared<Owners>(*one.snapshot->owners);
  owners->addresses = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 198, 51, 100, 5}};
  one.snapshot->owners = owners;
  EXPECT_EQ(one.parsed().at("hop").as_string(), "inner") << "a given address";
}

TEST(Json, Ipv6StandsInBrackets) {
  OneSocket one;
  std::fill(std::begin(one.flow().remote), std::end(one.flow().remote), 0);
  one.flow().remote[15] = 1;
  EXPECT_EQ(one.parsed().at("remote").as_string(), "[::1]:50001");
  EXPECT_EQ(one.parsed().at("hop").as_string(), "inner");
}

TEST(Json, OnlyLiveSocketsOfShardsAreListed) {
  OneSocket one;
  one.snapshot->cookies = {1001, 1002, 1003, 1004, 1005};
  one.snapshot->flows.assign(5, sample::flow());
  one.snapshot->flows[1].life = FANFARE_CLOSED;
  one.view.shards.push_back(sample::shard("news"));
  one.view.shard_of = {0, 0, no_shard, 1};  // the fifth came after the model had looked
  json::array all = json::parse(sockets_json(one.view, sample::now)).as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("cookie").as_int64(), 1001);
  EXPECT_EQ(all[1].at("cookie").as_int64(), 1004);

  all = json::parse(sockets_json(one.view, sample::now, {"news"})).as_array();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("shard").as_string(), "news");
  EXPECT_TRUE(
      json::parse(sockets_json(one.view, sample::now, {"no such shard"})).as_array().empty());
}

TEST(Json, HostileNamesStayJson) {
  OneSocket one;
  auto owners = std::make_shared<Owners>();
  owners->by_cookie[1001].comm = "a\"\\\xFF\x1b[2J";
  one.snapshot->owners = owners;
  const std::string text = sockets_json(one.view, sample::now);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(one.parsed().at("comm").as_string(),
            "a\"\\\xEF\xBF\xBD"
            "ff\x1b[2J");
}

TEST(Findings, AHealthyAgentHasNone) { EXPECT_EQ(codes(sample::view()), Codes{}); }

TEST(Findings, NotAttached) {
  View view = sample::view();
  view.health.attached = false;
  EXPECT_EQ(codes(view), Codes{"FF-ATTACH"});
}

TEST(Findings, AttachedToNothingThatHasThePathNow) {
  View view = sample::view();
  view.health.attached = false;
  view.health.attached_text = "the directory /sys/fs/cgroup/chat is gone";
  view.health.blind = true;
  view.health.blind_seconds = 7;
  const auto found = unready(view, sample::now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text,
            "The kernel programs are not attached for 7 s; nothing is counted. The directory "
            "/sys/fs/cgroup/chat is gone.");
}

TEST(Findings, TheOwnMessageMustBeCounted) {
  View view = sample::view();
  view.health.self_check = SelfCheckResult::missed;
  view.health.self_check_text = "a socket in a foreign network namespace was not counted";
  EXPECT_EQ(codes(view), Codes{"FF-SELFCHECK"});
  EXPECT_EQ(unready(view, sample::now).size(), 1U);
  view.health.self_check = SelfCheckResult::counted;
  view.health.blind = true;  // attached again, and not proven yet
  EXPECT_EQ(unready(view, sample::now).size(), 1U);
}

TEST(Findings, StaleIsMoreThanFiveSeconds) {
  View view = sample::view();
  EXPECT_EQ(codes(view, sample::taken + seconds(5)), Codes{});
  EXPECT_EQ(codes(view, sample::taken + seconds(5) + Monotonic(1)), Codes{"FF-STALE"});
  view.snapshot = nullptr;
  EXPECT_EQ(codes(view), Codes{"FF-STALE"});
}

TEST(Findings, ScopeMustBeProven) {
  View view = sample::view();
  view.health.scope = Scope::netns_only;
  EXPECT_EQ(codes(view), Codes{});
  view.health.scope = Scope::unproven;
  EXPECT_EQ(codes(view), Codes{"FF-SCOPE"});
  // A kernel without user namespaces counts as well as any other.
  EXPECT_TRUE(unready(view, sample::now).empty());
  view.health.scope_text = "no other network namespace could be made";
  EXPECT_EQ(findings(view, sample::now)[0].remedy.find("as root"), std::string::npos);
  view.health.scope = Scope::refuted;
  EXPECT_EQ(codes(view), Codes{"FF-SCOPE"});
  EXPECT_EQ(unready(view, sample::now).size(), 1U);
}

TEST(Findings, OnlyRecentLossesCount) {
  View view = sample::view();
  auto& loss = *std::ranges::find(view.losses, "bad_frame", &LossView::reason);
  loss.count = 8;
  EXPECT_EQ(codes(view), Codes{});
  loss.recent = 2;
  const auto found = findings(view, sample::now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].code, "FF-LOSS-BAD_FRAME");
  EXPECT_EQ(found[0].text, "bad_frame: 2 times in the last 60 s.");
  EXPECT_EQ(found[0].remedy, loss_text(FANFARE_LOSS_BAD_FRAME).sentence);
}

TEST(Findings, WhatClientsSendAndStrangersAreNone) {
  View view = sample::view();
  const auto recent = [&](const char* reason, std::uint64_t all, std::uint64_t from_clients) {
    auto& loss = *std::ranges::find(view.losses, reason, &LossView::reason);
    loss.recent = all;
    loss.recent_from_clients = from_clients;
    return codes(view);
  };
  EXPECT_EQ(recent("bad_frame", 60, 60), Codes{});
  EXPECT_EQ(recent("bad_frame", 61, 60), Codes{"FF-LOSS-BAD_FRAME"});
  recent("bad_frame", 0, 0);
  EXPECT_EQ(recent("not_a_peer", 60, 0), Codes{});
}

TEST(Findings, LossesOfAShardNameItAndTheirDirection) {
  View view = sample::view();
  view.shards[0].recent_losses = {.out = 0, .in = 9, .replication = 0};
  EXPECT_EQ(codes(view), Codes{}) << "a client's own bytes";
  view.shards[0].shard.losses = {.out = 4, .in = 9, .last = FANFARE_LOSS_BAD_FRAME};
  view.shards[0].recent_losses = {.out = 4, .in = 9, .replication = 1};
  const auto found = findings(view, sample::now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].code, "FF-SHARD-LOSSES");
  EXPECT_EQ(
      found[0].text,
      "Shard chat: 4 losses outbound, 9 inbound, 1 of its peers, the last bad_frame in the last "
      "60 s.");
  EXPECT_EQ(found[0].remedy, loss_text(FANFARE_LOSS_BAD_FRAME).sentence);
}

TEST(Findings, FiguresThatContradictEachOther) {
  View view = sample::view();
  Signal reach;
  reach.name = signal_reach;
  reach.ratio.contradiction = true;
  reach.ratio.unknown = "640 events reached clients in a minute in which 300 were due";
  view.shards[0].judgement.signals = {reach};
  EXPECT_EQ(codes(view), Codes{"FF-CONTRADICTION"});
  EXPECT_EQ(
      findings(view, sample::now)[0].text,
      "Shard chat: 640 events reached clients in a minute in which 300 were due; its reach is "
      "unknown.");
  view.shards[0].judgement.signals.clear();
  view.shards[0].shard.delivery.fates[FANFARE_FATE_EVENT] = {.written = 7, .acked = 8};
  EXPECT_EQ(codes(view), Codes{"FF-CONTRADICTION"});
}

TEST(Findings, CoverageBelow95Percent) {
  View view = sample::view();
  view.shards[0].coverage = 0.95;
  EXPECT_EQ(codes(view), Codes{});
  view.shards[0].coverage = 0.949;
  EXPECT_EQ(codes(view), Codes{"FF-COVERAGE"});
}

TEST(Findings, MapFullerThan90Percent) {
  View view = sample::view();
  view.maps = {{"flows", 90, 100}};
  EXPECT_EQ(codes(view), Codes{});
  view.maps = {{"flows", 91, 100}};
  EXPECT_EQ(codes(view), Codes{"FF-MAP"});
}

TEST(Findings, FailedReloadAndWorstFirst) {
  View view = sample::view();
  view.health.config_reload_ok = false;
  view.health.config_reload_error = "line 3: unknown key.";
  EXPECT_EQ(codes(view), Codes{"FF-CONFIG"});
  view.health.attached = false;
  EXPECT_EQ(codes(view), (Codes{"FF-ATTACH", "FF-CONFIG"}));
}

}  // namespace
}  // namespace fanfare
