// SPDX-License-Identifier: Apache-2.0
// The metrics of replication, propagation and alerts, as exact lines of an outage.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "agent/exports/metrics.h"
#include "agent/exports/names.h"
#include "agent/exports/propagation.h"
#include "agent/exports/replication_metrics.h"
#include "tests/unit/sample_outage.h"

namespace fanfare {
namespace {

// Samples of `metric` without the labels that all have.
std::vector<std::string> samples(const View& view, const std::string& metric) {
  std::vector<std::string> found;
  std::istringstream stream(metrics_text(view));
  const std::string head = metric + R"({cluster="test",node="n1")";
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(head)) found.push_back(line.substr(head.size()));
  }
  return found;
}

using Lines = std::vector<std::string>;

// Those that begin with `head`.
Lines only(Lines lines, const std::string& head) {
  std::erase_if(lines, [&head](const std::string& line) { return !line.starts_with(head); });
  return lines;
}

TEST(MetricsOutage, EventsOfAShardWithIdentityAndReplication) {
  const View view = sample::outage();
  const std::string shard = R"(,shard="us-east-1"} )";
  EXPECT_EQ(only(samples(view, "fanfare_events_accepted_total"), shard), Lines{shard + "2"});
  EXPECT_EQ(only(samples(view, "fanfare_event_copies_total"), shard), Lines{shard + "3200"});
  const std::string remote = R"(,shard="us-east-1",origin="remote"} )";
  EXPECT_EQ(samples(view, "fanfare_events_reached_total"), Lines{remote + "64"});
  EXPECT_EQ(only(samples(view, "fanfare_events_due_total"), remote), Lines{remote + "198"});
}

TEST(MetricsOutage, EventsOfAPlainShard) {
  const View view = sample::outage();
  const std::string shard = R"(,shard="news"} )";
  EXPECT_EQ(only(samples(view, "fanfare_event_copies_total"), shard), Lines{shard + "7"});
  const std::string local = R"(,shard="news",origin="local"} )";
  EXPECT_EQ(only(samples(view, "fanfare_events_due_total"), local), Lines{local + "2"});
  EXPECT_EQ(only(samples(view, "fanfare_events_reached_total"), local), Lines{})
      << "0 would read as a total loss";
}

TEST(MetricsOutage, DueWithoutReplicationIsWhatIdentityHasAccepted) {
  Shard shard = sample::outage().shards[0].shard;
  shard.replicates = false;
  EXPECT_EQ(events_due(shard), 70U);
  EXPECT_EQ(events_reached(shard), 2U) << "other nodes' events are not due here";
  shard.identifies = false;
  EXPECT_EQ(events_due(shard), 2U);
}

TEST(MetricsOutage, EveryKindOfRpcInBothDirections) {
  const auto rpcs = samples(sample::outage(), "fanfare_replication_rpcs_total");
  EXPECT_EQ(rpcs.size(), 2U * 2U * 6U);
  const std::string way = R"(,shard="us-east-1",protocol="hashicorp-raft",direction=)";
  const std::string out = way + R"("out",src="n1",dst="n2",kind=)";
  EXPECT_EQ(only(rpcs, out), (Lines{out + R"("append"} 190)", out + R"("append_empty"} 92)",
                                    out + R"("heartbeat"} 49)", out + R"("vote"} 1)",
                                    out + R"("snapshot"} 2)", out + R"("other"} 3)"}));
  const std::string in = way + R"("in",src="n2",dst="n1",kind="vote"} )";
  EXPECT_EQ(only(rpcs, in), Lines{in + "2"});
  EXPECT_EQ(samples(sample::outage(), "fanfare_replication_entries_total"),
            (Lines{way + R"("out",src="n1",dst="n2"} 201)", way + R"("in",src="n2",dst="n1"} 0)",
                   way + R"("out",src="n1",dst="n3"} 160)", way + R"("in",src="n3",dst="n1"} 0)"}));
}

TEST(MetricsOutage, ReplicationSocketsAndAddresses) {
  const std::string role = R"(,shard="us-east-1",role="replication",state=)";
  EXPECT_EQ(only(samples(sample::outage(), "fanfare_sockets"), role),
            (Lines{role + R"("synced"} 6)", role + R"("unsynced"} 1)", role + R"("dark"} 0)"}));
  EXPECT_EQ(samples(sample::outage(), "fanfare_address_info"), Lines{R"(,address="10.77.0.1"} 1)"});
}

TEST(MetricsOutage, AddressesAreBounded) {
  View view = sample::outage();
  auto snapshot = std::make_shared<Snapshot>();
  for (std::uint8_t i = 0; i < 40; ++i) {
    snapshot->flows.push_back(sample::replication_flow());
    sample::set_address(snapshot->flows.back().local, {10, 77, 1, i});
  }
  view.snapshot = snapshot;
  EXPECT_EQ(samples(view, "fanfare_address_info").size(), most_addresses);
  view.snapshot = nullptr;
  EXPECT_EQ(samples(view, "fanfare_address_info"), Lines{});
}

TEST(MetricsOutage, SignalsHaveOneSetOfLabelsAndUnknownIsAbsent) {
  const View view = sample::outage();
  const std::string reach = R"(,shard="us-east-1",signal="reach",peer=""} )";
  const std::string copies = R"(,shard="us-east-1",signal="copies",peer=""} )";
  const std::string well = R"(,shard="us-east-1",signal="replication",peer="n2"} )";
  const std::string unknown = R"(,shard="us-east-1",signal="replication",peer="n3"} )";
  EXPECT_EQ(samples(view, "fanfare_propagation_ratio"),
            (Lines{reach + "0.32", copies + "16", well + "1"}));
  EXPECT_EQ(samples(view, "fanfare_propagation_normal"),
            (Lines{reach + "0.992", copies + "49.875", well + "0.999"}));
  EXPECT_EQ(samples(view, "fanfare_evidence"),
            (Lines{reach + "24.125", copies + "0", well + "0", unknown + "0"}));
  EXPECT_EQ(only(samples(view, "fanfare_loss_estimate"), reach), Lines{reach + "0.6875"});
  EXPECT_EQ(samples(view, "fanfare_detectable_loss"),
            (Lines{reach + "0.03125", copies + "0.03125", well + "0.03125", unknown + "1"}));
}

TEST(MetricsOutage, OnlyWhatFiresIsCountedAsFiring) {
  auto firing = samples(sample::outage(), "fanfare_alerts_firing");
  const std::string one = R"(,alertname="FanfareReachLoss",severity="critical"} 1)";
  EXPECT_EQ(std::ranges::count(firing, one), 1);
  std::erase(firing, one);
  EXPECT_TRUE(std::ranges::all_of(firing, [](const auto& line) { return line.ends_with("} 0"); }));
  EXPECT_EQ(firing.size(), alert_kinds.size() - 1) << "the other kinds, with 0";

  View twice = sample::outage();
  twice.alerts.push_back(twice.alerts.front());
  twice.alerts.back().shard = "news";
  twice.alerts.push_back(twice.alerts.front());
  twice.alerts.back().name = "FanfareOfALaterVersion";
  firing = samples(twice, "fanfare_alerts_firing");
  EXPECT_EQ(only(firing, R"(,alertname="FanfareReachLoss",severity="critical")"),
            Lines{R"(,alertname="FanfareReachLoss",severity="critical"} 2)"});
  EXPECT_EQ(only(firing, R"(,alertname="FanfareOfALaterVersion")").size(), 1U);
}

TEST(MetricsOutage, PostsByTargetAndResult) {
  const std::string taken = R"(,target="http://10.77.0.9:9093",result=)";
  const std::string refused = R"(,target="http://10.77.0.8:9093",result=)";
  EXPECT_EQ(samples(sample::outage(), "fanfare_alert_posts_total"),
            (Lines{taken + R"("taken"} 7)", taken + R"("failed"} 0)", refused + R"("taken"} 0)",
                   refused + R"("failed"} 4)"}));
}

TEST(Propagation, RelativeIsByTheNormal) {
  Signal reach = sample::outage_signal(signal_reach, 64, 200, 0.64);
  EXPECT_DOUBLE_EQ(relative(reach).value(), 0.5);
  reach.normal.reset();
  EXPECT_DOUBLE_EQ(relative(reach).value(), 0.32);
  Signal copies = sample::outage_signal(signal_copies, 64, 200, 0.64);
  copies.normal.reset();
  EXPECT_EQ(relative(copies), std::nullopt) << "0.32 copies for each event may be right";
  reach.ratio.value.reset();
  EXPECT_EQ(relative(reach), std::nullopt);
}

TEST(Propagation, CopiesSpeakWhereReachIsUnknown) {
  ShardView shard = sample::outage().shards[0];
  auto& signals = shard.judgement.signals;
  ASSERT_LT(relative(signals[1]), relative(signals[0])) << "copies are lower";
  EXPECT_EQ(worst_signal(shard)->name, signal_reach);
  signals[0].ratio.value.reset();
  EXPECT_EQ(worst_signal(shard)->name, signal_copies);
  signals[1].ratio.value.reset();
  EXPECT_EQ(worst_signal(shard)->peer, "n2");
  signals.clear();
  EXPECT_EQ(worst_signal(shard), nullptr);
}

TEST(Propagation, TheFateOfAcksSpeaksAloneOrOfALoss) {
  ShardView shard = sample::outage().shards[0];
  auto& signals = shard.judgement.signals;
  const Signal healthy = sample::outage_signal(signal_reach, 199, 200, 0.995);
  Signal acks = sample::outage_signal(signal_ack_fate, 96, 100, 0.97);
  signals = {healthy, acks};
  EXPECT_EQ(worst_signal(shard)->name, signal_reach) << "it goes up and down by itself";
  signals[1].lost = true;
  EXPECT_EQ(worst_signal(shard)->name, signal_ack_fate);
  signals = {acks};
  EXPECT_EQ(worst_signal(shard)->name, signal_ack_fate);
  signals[0].normal.reset();
  EXPECT_EQ(worst_signal(shard), nullptr) << "mobile clients lose 5 % or none";
}

TEST(Propagation, WhatFaresBadlyIsNoStepOfIt) {
  for (const char* name : {signal_silence, signal_stuck, signal_close_loss, signal_accepted})
    EXPECT_EQ(relative(sample::outage_signal(name, 1, 100, 0.5)), std::nullopt) << name;
}

}  // namespace
}  // namespace fanfare
