// SPDX-License-Identifier: Apache-2.0
// A view of a shard that loses events on this node while replication is fine towards one peer and
// stalled towards another: the figures of an outage, shared by the tests of exports and commands.
#pragma once

#include "tests/unit/sample_view.h"

namespace fanfare::sample {

inline constexpr const char* sleeper_error = "connect: Connection refused";

inline Peer peer(const std::string& name, const std::string& address) {
  Peer peer;
  peer.name = name;
  peer.address = address;
  peer.protocol = "hashicorp-raft";
  peer.sockets_synced = 3;
  return peer;
}

inline std::vector<Peer> peers() {
  Peer well = peer("n2", "10.77.0.2");
  well.out = {.append = 190,
              .append_empty = 92,
              .heartbeat = 49,
              .vote = 1,
              .snapshot = 2,
              .other = 3,
              .entries = 201,
              .commands = 198,
              .answers = 337};
  well.in = {.vote = 2, .answers = 2};
  well.sent_index = well.confirmed_index = 201;
  Peer stalled = peer("n3", "10.77.0.3");
  stalled.out = {.append = 150, .heartbeat = 48, .entries = 160, .commands = 158, .answers = 198};
  stalled.sent_index = stalled.confirmed_index = 160;
  stalled.sockets_unsynced = 1;
  return {well, stalled};
}

inline Signal outage_signal(const char* name, double numerator, double denominator, double normal) {
  Signal signal;
  signal.name = name;
  signal.ratio.value = numerator / denominator;
  signal.ratio.numerator = numerator;
  signal.ratio.denominator = denominator;
  signal.ratio.coverage = 1;
  signal.normal = normal;
  signal.threshold = 20.25;
  signal.detectable_loss = 0.03125;
  return signal;
}

inline std::vector<Signal> signals() {
  Signal reach = outage_signal(signal_reach, 64, 200, 0.992);
  reach.learned = std::chrono::hours(24);
  reach.evidence = 24.125;
  reach.loss_estimate = 0.6875;
  reach.lost = true;
  Signal replication = outage_signal(signal_replication, 198, 198, 0.999);
  replication.peer = "n2";
  Signal unknown;
  unknown.name = signal_replication;
  unknown.peer = "n3";
  unknown.ratio.unknown = "Nothing was sent to n3 within the window.";
  return {reach, outage_signal(signal_copies, 3200, 200, 49.875), replication, unknown};
}

inline std::vector<Alert> alerts() {
  Alert reach;
  reach.name = "FanfareReachLoss";
  reach.shard = "us-east-1";
  reach.severity = Severity::critical;
  reach.state = AlertState::firing;
  reach.since = taken - std::chrono::seconds(42);
  reach.started = Wall(std::chrono::seconds(1700000048));
  reach.step = "broadcast";
  reach.summary = "Events of this shard do not reach its clients on this node.";
  reach.why =
      "32.0 % of the events that were due on this node reached a client besides their publisher, "
      "normally 99.2 %: 64 of 200 in the last 10 s. Evidence 24.1 nats (20.3 needed). Estimated "
      "loss 68.8 %. Coverage 100 %, 0 capture losses.";
  reach.next = "Roll back the build on this node or drain it.";
  Alert stalled;
  stalled.name = "FanfareReplicationStalled";
  stalled.shard = "us-east-1";
  stalled.peer = "n3";
  stalled.severity = Severity::warning;
  stalled.state = AlertState::pending;
  stalled.since = taken - std::chrono::seconds(4);
  stalled.started = Wall(std::chrono::seconds(1700000086));
  stalled.step = "replication";
  stalled.summary = "n3 does not get the shard's newest entries.";
  Alert over;
  over.name = "FanfareBlind";
  over.severity = Severity::warning;
  over.state = AlertState::resolved;
  over.since = taken - std::chrono::seconds(120);
  over.started = Wall(std::chrono::seconds(1699999000));
  over.ended = Wall(std::chrono::seconds(1699999970));
  over.step = "capture";
  over.summary = "Too many sockets could not be read.";
  return {reach, stalled, over};
}

inline fanfare_flow replication_flow() {
  fanfare_flow flow{};
  flow.protocol = FANFARE_HASHICORP_RAFT;
  flow.dialled = 1;
  flow.out.stage = FANFARE_STAGE_RPC;
  flow.out.tally.frames = 337;
  flow.out.tally.rpcs = {.append = 190,
                         .append_empty = 92,
                         .heartbeat = 49,
                         .vote = 1,
                         .snapshot = 2,
                         .other = 3,
                         .entries = 201,
                         .commands = 198};
  flow.out.next_seq = 90000;
  flow.in.stage = FANFARE_STAGE_RPC;
  flow.in.flags = FANFARE_RESPONSES;
  flow.in.tally.frames = 337;
  flow.in.next_seq = 30000;
  flow.opened_ns = (taken - std::chrono::seconds(60)).count();
  set_address(flow.local, {10, 77, 0, 1});
  set_address(flow.remote, {10, 77, 0, 2});
  flow.netns = 4026531840;
  flow.local_port = 40001;
  flow.remote_port = 7000;
  flow.life = FANFARE_LIVE;
  return flow;
}

// Node n1 leads shard us-east-1, has a bad build, and n3 does not get on.
inline View outage() {
  View view = sample::view();
  view.node = "n1";
  ShardView& bad = view.shards[0];
  bad.shard.name = "us-east-1";
  bad.shard.replicates = true;
  bad.shard.identifies = true;
  bad.shard.commands = 198;
  bad.shard.reach = {.accepted = 70,
                     .reached = 64,
                     .copies = 3200,
                     .own_copies = 60,
                     .unidentified = 0,
                     .reached_local = 2};
  bad.shard.peers = peers();
  bad.judgement.shard = "us-east-1";
  bad.judgement.signals = signals();
  bad.judgement.stalls = {{"n3", 41, taken - std::chrono::seconds(14)}};
  view.shards.push_back(shard("news"));
  view.alerts = alerts();
  view.alertmanagers = {{"http://10.77.0.9:9093", true, "", 2.5, 7, 0},
                        {"http://10.77.0.8:9093", false, sleeper_error, -1, 0, 4}};
  auto snapshot = sample::snapshot();
  snapshot->cookies.push_back(1002);
  snapshot->flows.push_back(replication_flow());
  view.snapshot = snapshot;
  view.shard_of = {0, 0};
  return view;
}

}  // namespace fanfare::sample
