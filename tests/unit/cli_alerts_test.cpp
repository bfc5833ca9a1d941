// SPDX-License-Identifier: Apache-2.0
// Peers, alerts, shards and status in an outage: what the agent exports of one view, through the
// commands. The table of shards and the losses have their tests elsewhere.
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "agent/cli/alert_text.h"
#include "agent/cli/text_wrap.h"
#include "agent/exports/json.h"
#include "agent/exports/judgement_json.h"
#include "agent/exports/peers_json.h"
#include "tests/unit/cli_run.h"
#include "tests/unit/sample_outage.h"

namespace fanfare {
namespace {

using cli_test::Outcome;
using cli_test::run_against;
using cli_test::Words;

std::string body_of(const std::string& command, const View& view) {
  if (command == "status") return status_json(view, sample::now);
  if (command == "peers") return peers_json(view, sample::now);
  if (command == "alerts") return alerts_json(view, sample::now);
  return shards_json(view);
}

Outcome ask(Words words, std::size_t columns = 0, const View& view = sample::outage()) {
  return run_against(body_of(words.front(), view), words, columns);
}

TEST(CliOutage, StatusAt80) {
  const Outcome status = ask({"status"}, 80);
  EXPECT_EQ(status.code, 1);
  EXPECT_EQ(status.out,
            "fanfare 0.1.0 on n1 (cluster test), up 92 s, ready\n"
            "loaded    attached to /sys/fs/cgroup (the host's root)\n"
            "scope     proven: A socket in a foreign network namespace was counted.\n"
            "fresh     snapshot 1.5 s old, tick takes 4.2 ms of CPU\n"
            "scraped   4.5 s ago\n"
            "config    defaults, no file\n"
            "covering  2 of 2 client sockets are counted exactly\n"
            "alerting  http://10.77.0.9:9093 took a post 4.0 s ago\n"
            "          http://10.77.0.8:9093 does not take posts\n"
            "\n"
            "alerts\n"
            "  critical FanfareReachLoss: firing for 44 s, shard us-east-1, broadcast\n"
            "    Events of this shard do not reach its clients on this node.\n"
            "    why: 32.0 % of the events that were due on this node reached a client\n"
            "    besides their publisher, normally 99.2 %: 64 of 200 in the last 10 s.\n"
            "    Evidence 24.1 nats (20.3 needed). Estimated loss 68.8 %. Coverage 100 %, 0\n"
            "    capture losses.\n"
            "    next: Roll back the build on this node or drain it.\n"
            "  warning FanfareReplicationStalled: pending for 5.5 s, shard us-east-1, peer\n"
            "  n3, replication\n"
            "  warning FanfareBlind: resolved for 2 min, capture\n"
            "\n"
            "SHARD      SYNCED  UNSYNCED  COVERAGE  PROPAGATION         EVENTS_OUT  OUT/S\n"
            "news            1         0  100.00 %  -                            7    0.7\n"
            "us-east-1       1         0  100.00 %  reach 0.32 of 0.99           7    0.7\n"
            "\n"
            "losses: none\n"
            "findings\n"
            "  FF-ALERTMANAGER: Alertmanager http://10.77.0.8:9093 has not taken the last\n"
            "  post of alerts: connect: Connection refused.\n"
            "    remedy: Alerts through it are not heard: try `curl URL/-/ready` from this\n"
            "    host; the agent goes on trying.\n");
}

TEST(CliOutage, AFiringAlertIsAFindingByItself) {
  View view = sample::outage();
  view.alertmanagers.pop_back();
  for (const char* command : {"status", "alerts"}) {
    EXPECT_EQ(ask({command}, 0, view).code, 1) << command;
    EXPECT_EQ(ask({command, "-o", "json"}, 0, view).code, 1) << command;
  }
  view.alerts.erase(view.alerts.begin());
  EXPECT_EQ(ask({"status"}, 0, view).code, 0) << "pending and resolved ones are none";
  EXPECT_EQ(ask({"alerts"}, 0, view).code, 0);
  EXPECT_NE(ask({"status"}, 0, view).out.find("findings: none\n"), std::string::npos);
}

TEST(CliOutage, AlertsAt80And100) {
  EXPECT_EQ(ask({"alerts"}, 80).out,
            "SEVERITY  STATE       FOR  ALERT                      SHARD      PEER\n"
            "critical  firing     44 s  FanfareReachLoss           us-east-1  -\n"
            "warning   pending   5.5 s  FanfareReplicationStalled  us-east-1  n3\n"
            "warning   resolved  2 min  FanfareBlind               -          -\n");
  EXPECT_EQ(ask({"alerts", "--sort", "since_seconds"}, 100).out,
            "SEVERITY  STATE       FOR  ALERT                      SHARD      PEER  STEP\n"
            "warning   resolved  2 min  FanfareBlind               -          -     capture\n"
            "critical  firing     44 s  FanfareReachLoss           us-east-1  -     broadcast\n"
            "warning   pending   5.5 s  FanfareReplicationStalled  us-east-1  n3    replication\n");
}

std::vector<std::string> names(const Outcome& alerts) {
  std::vector<std::string> found;
  const boost::json::value all = boost::json::parse(alerts.out);
  for (const auto& alert : all.as_array()) {
    found.emplace_back(alert.at("alertname").as_string());
  }
  return found;
}

TEST(CliOutage, AlertsStandAsTheAgentOrdersThem) {
  View view = sample::outage();
  view.alerts[0].severity = Severity::info;
  EXPECT_EQ(names(ask({"alerts", "-o", "json"}, 0, view)),
            (Words{"FanfareReachLoss", "FanfareReplicationStalled", "FanfareBlind"}));
  EXPECT_EQ(names(ask({"alerts", "-o", "json", "--sort", "severity"}, 0, view)),
            (Words{"FanfareBlind", "FanfareReplicationStalled", "FanfareReachLoss"}));
  EXPECT_EQ(names(ask({"alerts", "-o", "json", "--shard", "us-east-1"}, 0, view)),
            (Words{"FanfareReachLoss", "FanfareReplicationStalled"}));
}

TEST(CliOutage, TheExitCodeOfAlertsIsOfTheShardAndNotOfTheLimit) {
  EXPECT_EQ(ask({"alerts", "--shard", "news"}).code, 0);
  EXPECT_EQ(ask({"alerts", "--shard", "us-east-1"}).code, 1);
  View view = sample::outage();
  std::swap(view.alerts[0], view.alerts[2]);
  const Outcome first = ask({"alerts", "--limit", "1", "-o", "json"}, 0, view);
  EXPECT_EQ(names(first), Words{"FanfareBlind"});
  EXPECT_EQ(first.code, 1);
  EXPECT_EQ(first.err, "first 1 of 3 alerts\n");
}

TEST(CliOutage, PeersAt80And100) {
  EXPECT_EQ(ask({"peers"}, 80).out,
            "SHARD      PEER  UNSYNCED  ENTRIES_OUT  ENTRIES_IN  BEHIND  STALLED\n"
            "us-east-1  n2           0          201           0       0        -\n"
            "us-east-1  n3           1          160           0      41     16 s\n");
  EXPECT_EQ(
      ask({"peers", "--sort", "behind"}, 100).out,
      "SHARD      PEER  ADDRESS    UNSYNCED  ENTRIES_OUT  ENTRIES_IN  BEHIND  STALLED  "
      "CONFIRMED_INDEX\n"
      "us-east-1  n3    10.77.0.3         1          160           0      41     16 s              "
      "160\n"
      "us-east-1  n2    10.77.0.2         0          201           0       0        -              "
      "201\n");
  EXPECT_EQ(ask({"peers"}).code, 0);
}

TEST(CliOutage, PeersOnAPipeShowEveryKindOfRpc) {
  const std::string out = ask({"peers"}).out;
  for (const char* title :
       {"APPEND_OUT", "APPEND_EMPTY_OUT", "HEARTBEAT_OUT", "VOTE_IN", "SNAPSHOT_OUT", "OTHER_IN",
        "ANSWERS_IN", "COMMANDS_OUT", "SENT_INDEX", "RECEIVED_INDEX", "PROTOCOL"}) {
    EXPECT_NE(out.find(title), std::string::npos) << title;
  }
}

TEST(CliOutage, FailBelowHoldsForPropagation) {
  const View view = sample::outage();
  const Outcome shards = ask({"shards", "--fail-below", "0.33"}, 0, view);
  EXPECT_EQ(shards.code, 1);
  EXPECT_EQ(shards.err,
            "fanfare: reach of shard us-east-1 is 0.32 of 0.99, 0.3226 times what it should be, "
            "below 0.33\n");
  EXPECT_EQ(ask({"shards", "--fail-below", "0.32"}, 0, view).code, 0);
  EXPECT_EQ(ask({"shards", "--fail-below", "0.33", "--shard", "news"}, 0, view).code, 0);

  View quiet = view;
  quiet.alerts.clear();
  quiet.alertmanagers.clear();
  EXPECT_EQ(ask({"status", "--fail-below", "0.33"}, 0, quiet).code, 1);
  EXPECT_EQ(ask({"status", "--fail-below", "0.32"}, 0, quiet).code, 0);
}

TEST(CliOutage, FailBelowNamesThePeer) {
  View view = sample::outage();
  Signal& replication = view.shards[0].judgement.signals[2];
  view.shards[0].judgement.signals = {replication};
  view.shards[0].judgement.signals[0].ratio.value = 0.5;
  EXPECT_EQ(ask({"shards", "--fail-below", "0.9"}, 0, view).err,
            "fanfare: replication of shard us-east-1 to n2 is 0.50 of 0.99, 0.5005 times what it "
            "should be, below 0.9\n");
}

TEST(CliOutage, ShardsSortByPropagationTheWorstFirst) {
  View view = sample::outage();
  view.shards.push_back(sample::shard("worse"));
  view.shards.back().judgement.signals = {sample::outage_signal(signal_copies, 200, 200, 49.875)};
  const std::string out = ask({"shards", "--sort", "propagation"}, 80, view).out;
  const auto worse = out.find("\nworse ");
  const auto bad = out.find("\nus-east-1 ");
  const auto unknown = out.find("\nnews ");
  EXPECT_LT(worse, bad);
  EXPECT_LT(bad, unknown);
  EXPECT_NE(out.find("copies 1.00 of 49.87"), std::string::npos) << out;
}

TEST(CliOutage, ColoursAreOfTheSeverityAndNothingFromOutsideGetsThrough) {
  View view = sample::outage();
  view.alerts[0].why = "\x1b[2J";
  view.alerts[0].shard = "a\x1b[2Jb";
  view.alertmanagers[1].url = "http://\x1b[2J";
  const boost::json::value alerts = boost::json::parse(alerts_json(view, sample::now));
  const std::string text = alerts_part(alerts.as_array(), {.columns = 80, .color = true});
  EXPECT_NE(text.find("  \x1b[31mcritical FanfareReachLoss:\x1b[0m firing"), std::string::npos);
  EXPECT_NE(text.find("  \x1b[33mwarning FanfareReplicationStalled:\x1b[0m pending"),
            std::string::npos);
  EXPECT_NE(text.find("  \x1b[32mwarning FanfareBlind:\x1b[0m resolved"), std::string::npos);
  EXPECT_EQ(text.find("\x1b[2J"), std::string::npos);
  for (const char* command : {"status", "alerts"}) {
    const Outcome plain = ask({command}, 80, view);
    EXPECT_EQ(plain.out.find('\x1b'), std::string::npos) << command;
  }
}

TEST(CliOutage, StatusBreaksItsLinesAtBlanks) {
  const std::string out = ask({"status"}, 40, sample::view()).out;
  EXPECT_NE(out.find("\ncovering  "), std::string::npos);
  EXPECT_NE(out.find("sockets are\n          counted exactly\n"), std::string::npos) << out;
}

TEST(CliOutage, WhoHearsTheAlerts) {
  View view = sample::view();
  const auto line = [&view] {
    const std::string out = ask({"status"}, 80, view).out;
    const auto from = out.find("alerting");
    return out.substr(from, out.find("\n\n", from) - from);
  };
  EXPECT_EQ(line(), "alerting  nobody: no Alertmanager is configured");
  view.alertmanagers = {{"http://a:9093", true, "", -1, 0, 0}};
  EXPECT_EQ(line(), "alerting  http://a:9093 has had nothing to take yet");
  view.alertmanagers = {{"http://a:9093", false, "timeout", 58.5, 3, 1}};
  EXPECT_EQ(line(), "alerting  http://a:9093 does not take posts, took a post 60 s ago");
}

TEST(CliWrap, BreaksAtBlanksOnly) {
  EXPECT_EQ(wrapped("a bb ccc dddd", 2, 9), "  a bb\n  ccc\n  dddd\n");
  EXPECT_EQ(wrapped("a bb ccc", 2, 10), "  a bb ccc\n") << "exactly as wide";
  EXPECT_EQ(wrapped("abcdefghijkl m", 2, 6), "  abcdefghijkl\n  m\n");
  EXPECT_EQ(wrapped("a  b\tc", 0, 0), "a b c\n");
  EXPECT_EQ(wrapped("", 2, 80), "");
  EXPECT_EQ(wrapped("\u00fc\u00fc \u00fc", 0, 4), "\u00fc\u00fc \u00fc\n") << "cells, not bytes";
}

TEST(CliWrap, AHeadIsPaintedAfterTheBreaks) {
  const Look look = {.columns = 10, .color = true};
  EXPECT_EQ(wrapped_after("ab", Tone::bad, "cd ef gh", 2, look),
            "  \x1b[31mab:\x1b[0m cd\n  ef gh\n");
}

}  // namespace
}  // namespace fanfare
