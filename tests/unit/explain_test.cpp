// SPDX-License-Identifier: Apache-2.0
// Where the chain from a process to an alert breaks, on literals: one thing wrong at a time.
#include "agent/exports/explain.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "agent/ratios/coverage.h"
#include "tests/unit/sample_outage.h"

namespace fanfare {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A healthy host: chatd serves one counted client on 8080 as shard chat-1, everybody hears of it.
struct Host {
  std::shared_ptr<Snapshot> snapshot = sample::snapshot();
  std::shared_ptr<Owners> owners = std::make_shared<Owners>(*sample::snapshot()->owners);
  View view = sample::view();
  std::vector<ShardRule> rules{{.name = "chat-1", .match = {{8080}, "", ""}}};

  Host() {
    owners->listeners[{4026531840, 8080}] = {.pid = 321, .comm = "chatd", .exe = "/usr/bin/chatd"};
    view.shards = {sample::shard("chat-1")};
    view.shards[0].judgement.signals = {sample::outage_signal(signal_reach, 198, 200, 0.992)};
    view.alerts.clear();
    view.losses.clear();
    view.health.attached = true;
    view.health.subtree = false;
    view.health.scope = Scope::proven;
    view.alertmanagers = {{.url = "http://am:9093", .reachable = true, .error = "", .posts = 3}};
    view.last_scrape_seconds = 4;
    view.last_scraper = "10.0.0.9 (Prometheus/2.42.0)";
  }

  std::vector<Chain> explained(std::string_view what) {
    snapshot->owners = owners;
    view.snapshot = snapshot;
    view.shard_of.assign(snapshot->flows.size(), view.shards.empty() ? no_shard : 0);
    view.rules = std::make_shared<std::vector<ShardRule>>(rules);
    return explain(view, what, sample::now);
  }
  // Of the only explanation.
  std::vector<Link> links(std::string_view what = "chat-1") {
    const auto all = explained(what);
    EXPECT_THAT(all, SizeIs(1));
    return all.empty() ? std::vector<Link>{} : all[0].links;
  }
  // Clients of the port that have no record, as the ledger would show them.
  void add_dark(std::size_t count, fanfare_dark_reason reason, std::uint16_t port = 8080) {
    for (std::size_t i = 0; i < count; ++i) {
      auto& dark = snapshot->dark.emplace_back(DarkSocket{.cookie = 5000 + snapshot->dark.size()});
      dark.socket.reason = static_cast<std::uint8_t>(reason);
      dark.socket.spoke = FANFARE_IS_CLIENTS;
      dark.socket.netns = 4026531840;
      dark.socket.local_port = port;
      view.dark_shard_of.push_back(0);
    }
    auto& shard = view.shards[0];
    shard.shard.dark_by_reason.at(reason) += count;
    shard.coverage = coverage(shard.shard);
  }
  void serve(std::size_t clients) {
    snapshot->flows.assign(clients, snapshot->flows.at(0));
    snapshot->cookies.assign(clients, 1001);
    view.shards[0].shard.sockets_synced = clients;
    view.shards[0].coverage = coverage(view.shards[0].shard);
  }
  // The first broken link of the only explanation; "holds" where there is none.
  Link broken(std::string_view what = "chat-1") {
    for (auto& link : links(what))
      if (link.state == LinkState::broken) return link;
    return {"holds", LinkState::whole, {}, {}};
  }
};

std::string text_of(Host& host, std::string_view name, std::string_view what = "chat-1") {
  for (const auto& link : host.links(what))
    if (link.name == name) return link.text;
  return "no such link";
}

std::vector<std::string> names(const std::vector<Link>& links) {
  std::vector<std::string> result;
  for (const auto& link : links) result.push_back(link.name);
  return result;
}

TEST(Explain, AHealthyChainHoldsAndHasEveryLink) {
  Host host;
  EXPECT_EQ(host.broken().name, "holds");
  EXPECT_THAT(names(host.links()),
              ElementsAre("agent", "process", "socket", "protocol", "readable", "mapped", "counted",
                          "replicated", "ratio", "evidence", "alert", "posted", "scraped"));
  EXPECT_THAT(host.links()[1].text, "chatd (pid 321) listens on port 8080");
  EXPECT_THAT(host.links().back().text, "4 s ago by 10.0.0.9 (Prometheus/2.42.0)");
}

TEST(Explain, AShardAnAlertAPortAndAProcessMeanTheSameChain) {
  Host host;
  const auto shard = host.links("chat-1");
  for (const char* what : {"8080", ":8080", "321", "pid:321", "FanfareReachLoss"}) {
    SCOPED_TRACE(what);
    EXPECT_EQ(names(host.links(what)), names(shard));
    EXPECT_EQ(host.explained(what)[0].subject.shard, "chat-1");
  }
  EXPECT_EQ(host.explained("321")[0].subject.kind, "pid");
  EXPECT_EQ(host.explained("8080")[0].subject.kind, "port");
  for (const char* what : {"chat-2", "322", "pid:8080", "", "pid:", ":", "70000", "FanfareNone"})
    EXPECT_THAT(host.explained(what), IsEmpty()) << what;
}

TEST(Explain, APortOfNobodyIsExplainedAndBroken) {
  Host host;
  const auto link = host.broken(":9999");
  EXPECT_EQ(link.name, "process");
  EXPECT_THAT(link.text, HasSubstr("nobody on this host listens on port 9999 (looked "));
}

TEST(Explain, ThatSilenceCouldBeProvenIsNoProofOfALoss) {
  Host host;
  auto& signals = host.view.shards[0].judgement.signals;
  signals[0].detectable_loss = 1;
  signals.push_back(sample::outage_signal(signal_silence, 30, 100, 0.3));
  signals[1].detectable_loss = 0.3;
  EXPECT_EQ(host.broken().name, "holds");
  EXPECT_EQ(host.links()[9].state, LinkState::note);
  EXPECT_THAT(host.links()[9].text, HasSubstr("would prove a loss of 100.0 % (reach)"));
  EXPECT_THAT(host.links()[8].text, HasSubstr("; silence 0.300, normally 0.300 (30 of 100 in "));
  signals[0].detectable_loss = 0.2;
  EXPECT_EQ(host.links()[9].state, LinkState::whole);
}

TEST(Explain, NoListener) {
  Host host;
  host.owners->listeners.clear();
  EXPECT_EQ(host.broken().name, "process");
}

TEST(Explain, NoConnection) {
  Host host;
  host.snapshot->flows.clear();
  host.snapshot->cookies.clear();
  EXPECT_EQ(host.broken().name, "socket");
  EXPECT_THAT(host.broken().remedy, HasSubstr("TLS"));
  EXPECT_EQ(host.broken(":8080").name, "socket");
}

TEST(Explain, PlainHttp) {
  Host host;
  host.snapshot->flows[0].out.stage = FANFARE_STAGE_HTTP;
  host.view.shards.clear();
  EXPECT_EQ(host.broken().name, "protocol");
}

TEST(Explain, OlderThanTheAgent) {
  Host host;
  host.snapshot->flows[0].out.stage = FANFARE_STAGE_SEARCH;
  EXPECT_EQ(host.broken().name, "readable");
}

TEST(Explain, MqttThatTheConfigurationNames) {
  Host host;
  fanfare_flow& flow = host.snapshot->flows[0];
  flow.protocol = FANFARE_MQTT;
  flow.out.stage = FANFARE_STAGE_PACKETS;
  EXPECT_THAT(text_of(host, "protocol"), HasSubstr("MQTT"));
  EXPECT_EQ(text_of(host, "readable"), "1 of 1 MQTT connections are counted exactly");
  flow.out.stage = FANFARE_STAGE_PACKET_SEARCH;
  EXPECT_EQ(host.broken().name, "readable");
  EXPECT_THAT(text_of(host, "protocol"), HasSubstr("no packets of it were found"));
}

TEST(Explain, StreamsOfEvents) {
  Host host;
  fanfare_flow& flow = host.snapshot->flows[0];
  flow.protocol = FANFARE_SSE;
  flow.exchanges.streams = 1;
  flow.out.stage = FANFARE_STAGE_EVENT_STREAM;
  EXPECT_THAT(text_of(host, "protocol"), HasSubstr("server-sent events: the heads of 1 streams"));
  EXPECT_EQ(text_of(host, "readable"), "1 of 1 event stream connections are counted exactly");
}

TEST(Explain, TooLittleCoverage) {
  Host host;
  host.view.shards[0].coverage = 0.5;
  EXPECT_EQ(host.broken().name, "readable");
  EXPECT_THAT(host.broken().text, HasSubstr("coverage 50.0 %, 95 % are wanted"));
}

TEST(Explain, DarkSocketsAreNamedWithTheirReason) {
  Host host;
  host.serve(47);
  host.add_dark(3, FANFARE_DARK_NO_ROOM);
  EXPECT_EQ(text_of(host, "socket"), "50 open connections to port 8080");
  EXPECT_EQ(host.broken().name, "readable");
  EXPECT_EQ(host.broken().text,
            "47 of 50 WebSocket connections are counted exactly; dark: 3 found no room (raise "
            "limits.sockets); coverage 94.0 %, 95 % are wanted");
  EXPECT_EQ(host.broken().remedy,
            "`fanfare sockets` names the reason of each that is unsynced or dark.");
  host.serve(57);
  EXPECT_EQ(host.broken().name, "holds");
  EXPECT_EQ(text_of(host, "readable"),
            "57 of 60 WebSocket connections are counted exactly; dark: 3 found no room (raise "
            "limits.sockets)");
}

TEST(Explain, DarkSocketsAlone) {
  Host host;
  host.serve(0);
  host.add_dark(2, FANFARE_DARK_MPTCP);
  const std::string text =
      "no connection to port 8080 is followed; dark: 2 over MPTCP cannot be read "
      "(GODEBUG=multipathtcp=0 ends it in Go's servers)";
  EXPECT_EQ(host.broken().name, "socket");
  EXPECT_EQ(host.broken().text, text);
  host.rules.clear();  // nothing else says which port it is
  EXPECT_THAT(names(host.links()), ElementsAre("agent", "process", "socket", "ratio", "evidence",
                                               "alert", "posted", "scraped"));
  EXPECT_EQ(host.broken().text, text);
  EXPECT_EQ(host.broken(":8080").text, text);
}

// What has answered 101 is no plain HTTP, whatever the others on its port are.
TEST(Explain, DarkSocketsBesidePlainHttp) {
  Host host;
  host.serve(0);
  host.add_dark(2, FANFARE_DARK_NO_ROOM);
  host.snapshot->awaited[8080] = 5;
  EXPECT_EQ(text_of(host, "socket"), "7 open connections to port 8080");
  EXPECT_EQ(text_of(host, "protocol"), "WebSocket: an upgrade or proven frames were seen");
  EXPECT_EQ(host.broken().name, "readable");
  EXPECT_EQ(host.broken().text,
            "0 of 2 WebSocket connections are counted exactly; dark: 2 found no room (raise "
            "limits.sockets); coverage 0.0 %, 95 % are wanted");
}

TEST(Explain, DarkSocketsOfAnotherPortOfTheShard) {
  Host host;
  host.add_dark(3, FANFARE_DARK_NO_ROOM, 8443);
  host.view.shards[0].coverage = 1;
  host.owners->listeners[{4026531840, 8443}] = {.pid = 322, .comm = "chatd", .exe = {}};
  EXPECT_EQ(host.explained("chat-1")[0].subject.ports, (std::vector<std::uint16_t>{8080, 8443}));
  EXPECT_EQ(text_of(host, "readable", ":8080"), "1 of 1 WebSocket connections are counted exactly");
  EXPECT_EQ(host.broken("322").text,
            "no connection to port 8443 is followed; dark: 3 found no room (raise "
            "limits.sockets)");
}

TEST(Explain, ARuleThatAsksForAnotherExecutable) {
  Host host;
  host.rules[0].match.exe = "/opt/chat/chatd";
  host.view.shards.clear();
  const auto link = host.broken();
  EXPECT_EQ(link.name, "mapped");
  EXPECT_EQ(link.text,
            "chatd on port 8080 runs /usr/bin/chatd, and shard chat-1 asks for match.exe "
            "/opt/chat/chatd");
}

TEST(Explain, WithoutARuleTheNameIsANote) {
  Host host;
  host.rules.clear();
  EXPECT_EQ(host.broken().name, "holds");
  EXPECT_EQ(host.links()[5].state, LinkState::note);
}

TEST(Explain, OverTheLimitOfShards) {
  Host host;
  host.rules.clear();
  host.view.shards[0].shard.name = "other";
  EXPECT_EQ(host.broken("other").name, "mapped");
}

TEST(Explain, NoEventHasLeft) {
  Host host;
  host.view.shards[0].shard.out.messages = {0, 4, 5, 6};
  EXPECT_EQ(host.broken().name, "counted");
  EXPECT_THAT(host.broken().text, HasSubstr("4 heartbeats, 5 control frames, 6 others have"));
}

TEST(Explain, QuietIsANote) {
  Host host;
  host.snapshot->flows[0].out.last_event_ns =
      static_cast<std::uint64_t>((sample::now - std::chrono::seconds(61)).count());
  EXPECT_THAT(host.links()[6].text, HasSubstr("the last 61 s ago"));
  EXPECT_EQ(host.links()[6].state, LinkState::note);
}

TEST(Explain, CaptureLosses) {
  Host host;
  auto& shard = host.view.shards[0];
  shard.shard.losses = {.out = 9, .in = 3, .last = FANFARE_LOSS_EGRESS_HOLE};
  shard.recent_losses = {.out = 2, .in = 1, .replication = 0};
  EXPECT_EQ(host.broken().name, "losses");
  EXPECT_EQ(host.broken().text,
            "2 losses outbound, 1 inbound, 0 of its peers, the last egress_hole in the last 60 s");
}

TEST(Explain, WhatAnotherShardOrAClientHasLostBreaksNothing) {
  Host host;
  host.view.losses = {{.reason = "bad_frame", .count = 9, .recent = 2}};
  EXPECT_EQ(host.broken().name, "holds");
  host.view.shards[0].recent_losses = {.out = 0, .in = 60, .replication = 0};
  EXPECT_EQ(host.broken().name, "holds");
  EXPECT_THAT(text_of(host, "losses"), HasSubstr("0 losses outbound, 60 inbound"));
}

TEST(Explain, ReplicationThatIsNotSeen) {
  Host host;
  host.view.shards[0].shard.replicates = true;
  host.view.shards[0].shard.peers.clear();
  EXPECT_EQ(host.broken().name, "replicated");
}

TEST(Explain, ALossAndItsAlert) {
  Host host;
  host.view.shards[0].judgement.signals = sample::signals();
  host.view.alerts = sample::alerts();
  for (auto& alert : host.view.alerts) alert.shard = "chat-1";
  EXPECT_EQ(host.broken().name, "ratio");
  EXPECT_THAT(host.broken().text,
              HasSubstr("reach 0.320, normally 0.992 (64 of 200 in 10 s); copies 16.000"));
  const auto all = host.explained("FanfareReachLoss");
  ASSERT_THAT(all, SizeIs(1));
  const auto alert = all[0].links.end() - 3;
  EXPECT_EQ(alert->name, "alert");
  EXPECT_EQ(alert->state, LinkState::broken);
  EXPECT_THAT(alert->text, HasSubstr("FanfareReachLoss fires (critical, step broadcast): "));
}

TEST(Explain, NobodyHears) {
  Host host;
  host.view.alertmanagers.clear();
  EXPECT_EQ(host.broken().name, "holds") << "Prometheus hears";
  host.view.last_scrape_seconds = 121;
  EXPECT_EQ(host.broken().name, "posted");
  host.view.alertmanagers = {{.url = "http://am:9093", .reachable = false, .error = "refused"}};
  EXPECT_EQ(host.broken().text, "http://am:9093 does not take alerts: refused");
}

TEST(Explain, NeverScraped) {
  Host host;
  host.view.last_scrape_seconds = -1;
  EXPECT_EQ(host.broken().name, "holds") << "an Alertmanager hears";
  host.view.alertmanagers.clear();
  EXPECT_EQ(host.broken().name, "posted");
}

TEST(Explain, AnAgentThatReadsNothing) {
  Host host;
  host.view.health.attached = false;
  EXPECT_EQ(host.broken().name, "agent");
}

TEST(Explain, AnAlertWhereNoShardIsKnown) {
  Host host;
  host.rules.clear();
  host.view.shards.clear();
  EXPECT_EQ(host.broken("FanfareReachLoss").text,
            "no shard is known: no server of WebSocket was seen yet");
}

TEST(Explain, JsonNamesTheFirstBrokenLink) {
  Host host;
  host.view.health.attached = false;
  host.explained("chat-1");
  const auto answer = boost::json::parse(explain_json(host.view, "chat-1", sample::now));
  const auto& chain = answer.at(0);
  EXPECT_EQ(chain.at("broken").as_int64(), 0);
  EXPECT_EQ(chain.at("kind").as_string(), "shard");
  EXPECT_EQ(chain.at("pids"), boost::json::parse("[321]"));
  EXPECT_EQ(chain.at("ports"), boost::json::parse("[8080]"));
  EXPECT_EQ(chain.at("links").at(0).at("state").as_string(), "broken");
  EXPECT_EQ(chain.at("links").at(1), boost::json::parse(R"({"link":"process","state":"ok",
      "text":"chatd (pid 321) listens on port 8080","remedy":null})"));
}

}  // namespace
}  // namespace fanfare
