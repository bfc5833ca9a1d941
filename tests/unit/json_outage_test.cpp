// SPDX-License-Identifier: Apache-2.0
// The JSON of peers, alerts, signals and replication sockets, as golden texts of an outage.
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "agent/exports/findings.h"
#include "agent/exports/json.h"
#include "agent/exports/judgement_json.h"
#include "agent/exports/peers_json.h"
#include "agent/exports/sockets_json.h"
#include "tests/unit/sample_outage.h"

namespace fanfare {
namespace {

namespace json = boost::json;

TEST(JsonOutage, PeersGolden) {
  EXPECT_EQ(peers_json(sample::outage(), sample::now),
            R"([{"shard":"us-east-1","node":"n1","peer":"n2","address":"10.77.0.2",)"
            R"("protocol":"hashicorp-raft","sockets":{"synced":3,"unsynced":0},)"
            R"("rpcs_out":{"append":190,"append_empty":92,"heartbeat":49,"vote":1,"snapshot":2,)"
            R"("other":3},"rpcs_in":{"append":0,"append_empty":0,"heartbeat":0,"vote":2,)"
            R"("snapshot":0,"other":0},"entries_out":201,"entries_in":0,"commands_out":198,)"
            R"("commands_in":0,"answers_out":2,"answers_in":337,"sent_index":201,)"
            R"("confirmed_index":201,"received_index":0,"behind":0,"stalled_seconds":null},)"
            R"({"shard":"us-east-1","node":"n1","peer":"n3","address":"10.77.0.3",)"
            R"("protocol":"hashicorp-raft","sockets":{"synced":3,"unsynced":1},)"
            R"("rpcs_out":{"append":150,"append_empty":0,"heartbeat":48,"vote":0,"snapshot":0,)"
            R"("other":0},"rpcs_in":{"append":0,"append_empty":0,"heartbeat":0,"vote":0,)"
            R"("snapshot":0,"other":0},"entries_out":160,"entries_in":0,"commands_out":158,)"
            R"("commands_in":0,"answers_out":0,"answers_in":198,"sent_index":160,)"
            R"("confirmed_index":160,"received_index":0,"behind":41,"stalled_seconds":15.5}])"
            "\n");
  EXPECT_EQ(peers_json(sample::view(), sample::now), "[]\n");
}

TEST(JsonOutage, BehindIsTheLeadersToSay) {
  View view = sample::outage();
  const auto behind = [&view](std::size_t peer) {
    return json::parse(peers_json(view, sample::now)).at(peer).at("behind");
  };
  auto& peers = view.shards[0].shard.peers;
  peers[0].confirmed_index = 0;
  EXPECT_TRUE(behind(0).is_null()) << "its answers have named no index";
  EXPECT_EQ(behind(1).as_int64(), 41);
  peers[1].confirmed_index = 500;
  EXPECT_EQ(behind(1).as_int64(), 0);
  peers[0].received_index = 202;
  EXPECT_TRUE(behind(1).is_null()) << "n2 leads now";
}

TEST(JsonOutage, AlertsGolden) {
  View view = sample::outage();
  EXPECT_EQ(alerts_json(view, sample::now),
            R"([{"alertname":"FanfareReachLoss","severity":"critical","state":"firing",)"
            R"("shard":"us-east-1","peer":null,"started_seconds":1700000048,"ended_seconds":null,)"
            R"("since_seconds":43.5,"step":"broadcast",)"
            R"("summary":"Events of this shard do not reach its clients on this node.","why":")" +
                view.alerts[0].why +
                R"(","next":"Roll back the build on this node or drain it.","missing":null,)"
                R"("ended_by":null},)"
                R"({"alertname":"FanfareReplicationStalled","severity":"warning",)"
                R"("state":"pending","shard":"us-east-1","peer":"n3",)"
                R"("started_seconds":1700000086,"ended_seconds":null,"since_seconds":5.5,)"
                R"("step":"replication","summary":"n3 does not get the shard's newest entries.",)"
                R"("why":"","next":"","missing":null,"ended_by":null},)"
                R"({"alertname":"FanfareBlind","severity":"warning","state":"resolved",)"
                R"("shard":null,"peer":null,"started_seconds":1699999000,)"
                R"("ended_seconds":1699999970,"since_seconds":121.5,"step":"capture",)"
                R"("summary":"Too many sockets could not be read.","why":"","next":"",)"
                R"("missing":null,"ended_by":null}])"
                "\n");
}

TEST(JsonOutage, ShardsCarryTheirSignals) {
  const json::value shards = json::parse(shards_json(sample::outage()));
  const json::object& bad = shards.at(0).as_object();
  EXPECT_EQ(bad.at("accepted").as_int64(), 2);
  EXPECT_EQ(bad.at("due").as_int64(), 198);
  EXPECT_EQ(bad.at("reached").as_int64(), 64);
  EXPECT_EQ(bad.at("copies").as_int64(), 3200);
  EXPECT_EQ(json::serialize(bad.at("worst").at("signal")), "\"reach\"");
  EXPECT_EQ(bad.at("worst").at("ratio").as_double(), 0.32);
  EXPECT_EQ(bad.at("worst").at("normal").as_double(), 0.992);
  EXPECT_NEAR(bad.at("worst").at("relative").as_double(), 0.32258, 1e-5);
  const json::array& signals = bad.at("signals").as_array();
  ASSERT_EQ(signals.size(), 4U);
  EXPECT_EQ(signals[0], json::parse(R"({"name":"reach","peer":null,"ratio":0.32,"numerator":64,
      "denominator":200,"window_seconds":10,"normal":0.992,"learned_seconds":86400,"evidence":24.125,"threshold":20.25,
      "loss_estimate":0.6875,"detectable_loss":0.03125,"losses":0,"coverage":1,"unknown":null,
      "lost":true})"));
  EXPECT_EQ(signals[3], json::parse(R"({"name":"replication","peer":"n3","ratio":null,
      "numerator":0,"denominator":0,"window_seconds":10,"normal":null,"learned_seconds":null,"evidence":0,
      "threshold":0,"loss_estimate":0,"detectable_loss":1,"losses":0,"coverage":null,
      "unknown":"Nothing was sent to n3 within the window.","lost":false})"));
  EXPECT_TRUE(shards.at(1).at("worst").is_null());
  EXPECT_TRUE(shards.at(1).at("reached").is_null());
}

TEST(JsonOutage, StatusCarriesAlertsTheirReceiversAndTheWorst) {
  const View view = sample::outage();
  const json::value status = json::parse(status_json(view, sample::now));
  EXPECT_EQ(status.at("alerts"), json::parse(alerts_json(view, sample::now)));
  EXPECT_EQ(status.at("alertmanagers"),
            json::parse(R"([{"url":"http://10.77.0.9:9093","reachable":true,"error":null,
      "last_post_seconds":4,"posts":7,"failures":0},{"url":"http://10.77.0.8:9093",
      "reachable":false,"error":"connect: Connection refused","last_post_seconds":null,
      "posts":0,"failures":4}])"));
  EXPECT_EQ(status.at("worst").at("shard").as_string(), "us-east-1");
  EXPECT_EQ(status.at("worst").at("signal").as_string(), "reach");
}

TEST(JsonOutage, TheWorstIsOfAllShards) {
  View view = sample::outage();
  view.shards[1].judgement.signals = {sample::outage_signal(signal_reach, 1, 200, 0.992)};
  const json::value status = json::parse(status_json(view, sample::now));
  EXPECT_EQ(status.at("worst").at("shard").as_string(), "news");
}

TEST(JsonOutage, ReplicationSocketGolden) {
  const json::value parsed = json::parse(sockets_json(sample::outage(), sample::now));
  const json::array& sockets = parsed.as_array();
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[1], json::parse(R"({"cookie":1002,"shard":"us-east-1","role":"replication",
      "hop":"edge","protocol":"hashicorp-raft","local":"10.77.0.1:40001","remote":"10.77.0.2:7000",
      "netns":4026531840,"cgroup":null,"unit":null,"namespace":null,"pod":null,"container":null,"pid":null,"comm":null,"unsent_bytes":null,"srtt_us":null,
      "state":"synced","reason":null,"opened_seconds":61.5,"last_event_seconds":null,
      "events_out":null,"heartbeats_out":null,"control_out":null,"other_out":null,"frames_out":337,
      "bytes_out":90000,"events_in":null,"publishes_accepted":null,"heartbeats_in":null,"control_in":null,"other_in":null,"frames_in":337,"bytes_in":30000,
      "losses_out":0,"losses_in":0,
      "rpcs_out":{"append":190,"append_empty":92,"heartbeat":49,"vote":1,"snapshot":2,"other":3},
      "rpcs_in":{"append":0,"append_empty":0,"heartbeat":0,"vote":0,"snapshot":0,"other":0},
      "entries_out":201,"entries_in":0,"acked":null,"in_flight":null,"lost":null,"unknown":null,
      "unsent_seconds":null,"unacked_seconds":null,"pace":null,"silent":null})"));
  EXPECT_EQ(sockets[0].at("events_out").as_int64(), 7);
  EXPECT_TRUE(sockets[0].at("rpcs_out").is_null());
  EXPECT_TRUE(sockets[0].at("entries_in").is_null());
}

TEST(JsonOutage, AReplicationSocketIsSyncedByTheDirectionOfItsRpcs) {
  View view = sample::outage();
  auto snapshot = std::make_shared<Snapshot>(*view.snapshot);
  view.snapshot = snapshot;
  fanfare_flow& flow = snapshot->flows[1];
  const auto socket = [&view] {
    return json::parse(sockets_json(view, sample::now)).at(1).as_object();
  };
  flow.in.stage = FANFARE_STAGE_ANCHOR;
  EXPECT_EQ(socket().at("state").as_string(), "synced") << "only the answers are lost";
  flow.dialled = 0;
  flow.in.lost_by = FANFARE_LOSS_BAD_RPC;
  EXPECT_EQ(socket().at("state").as_string(), "unsynced");
  EXPECT_EQ(socket().at("reason").as_string(), "bad_rpc");
}

TEST(Findings, AnAlertmanagerThatTakesNothing) {
  View view = sample::view();
  view.alertmanagers = sample::outage().alertmanagers;
  const auto found = findings(view, sample::now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].code, "FF-ALERTMANAGER");
  EXPECT_EQ(found[0].text,
            "Alertmanager http://10.77.0.8:9093 has not taken the last post of alerts: connect: "
            "Connection refused.");
  EXPECT_TRUE(unready(view, sample::now).empty()) << "the agent itself is well";
}

}  // namespace
}  // namespace fanfare
