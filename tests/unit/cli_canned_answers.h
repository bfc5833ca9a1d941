// SPDX-License-Identifier: Apache-2.0
// Answers of an agent as the API gives them, for the tests of the command line.
#pragma once

#include <string>

namespace fanfare::cli_test {

inline const std::string canned_shards = R"json([
{"shard":"node:8080/chat.slice/us-east-1.service","sockets":{"synced":1234,"unsynced":6,"dark":0},
 "coverage":0.9951612903225806,"events_out":12345678,"heartbeats_out":0,"control_out":4321,
 "other_out":0,"frames_out":12350000,"message_bytes_out":9876543210,"events_in":98765,"control_in":4300,
 "frames_in":103065,"message_bytes_in":7654321,"events_out_per_second":1234.5,"events_in_per_second":9.8,
 "opened":1500,"closed":{"peer":200,"local":50,"timeout":10},
 "accepted":98765,"due":247000,"reached":244500,"copies":12345678,"delivery":{"acked":12345600,"in_flight":70,"lost":8,
 "lost_by":{"reset":8,"timeout":0,"close":0},"unknown":0,"unsent_bytes":65536,"oldest_unsent_seconds":0,
 "oldest_unacked_seconds":0.2,"slow":1,"stuck":3,"silent":0,"judged":0,"edge":1,"inner":0,"bookkeeping_error":0},
 "worst":{"signal":"reach","peer":null,
 "ratio":0.99,"normal":0.992,"relative":0.998},"signals":[]},
{"shard":"fanfare-selftest","sockets":{"synced":0,"unsynced":0,"dark":0},"coverage":null,"events_out":2000,
 "heartbeats_out":0,"control_out":600,"other_out":0,"frames_out":3000,"message_bytes_out":1000000,
 "events_in":500,"control_in":200,"frames_in":800,"message_bytes_in":100000,"events_out_per_second":0.0,
 "events_in_per_second":0.0,"opened":2,"closed":{"peer":0,"local":2,"timeout":0},
 "accepted":500,"due":500,"reached":null,"copies":2000,"delivery":{"acked":2000,"in_flight":0,"lost":0,
 "lost_by":{"reset":0,"timeout":0,"close":0},"unknown":0,"unsent_bytes":0,"oldest_unsent_seconds":0,
 "oldest_unacked_seconds":0.2,"slow":1,"stuck":0,"silent":0,"judged":0,"edge":1,"inner":0,"bookkeeping_error":0},
 "worst":null,"signals":[]},
{"shard":"beast:9000","sockets":{"synced":1,"unsynced":0,"dark":0},"coverage":1,"events_out":7,
 "heartbeats_out":0,"control_out":0,"other_out":0,"frames_out":7,"message_bytes_out":700,"events_in":0,
 "control_in":0,"frames_in":0,"message_bytes_in":0,"events_out_per_second":0.7,"events_in_per_second":0.0,
 "opened":1,"closed":{"peer":0,"local":0,"timeout":0},
 "accepted":0,"due":0,"reached":null,"copies":7,"delivery":{"acked":7,"in_flight":0,"lost":0,
 "lost_by":{"reset":0,"timeout":0,"close":0},"unknown":0,"unsent_bytes":0,"oldest_unsent_seconds":0,
 "oldest_unacked_seconds":0.2,"slow":1,"stuck":0,"silent":0,"judged":0,"edge":1,"inner":0,"bookkeeping_error":0},
 "worst":null,"signals":[]}])json";

inline const std::string canned_sockets = R"json([
{"cookie":4711,"shard":"node:8080/chat.slice/us-east-1.service","role":"client","hop":"edge",
 "protocol":"websocket","local":"10.0.0.1:8080","remote":"203.0.113.7:50123","netns":4026531840,
 "cgroup":"/chat.slice/us-east-1.service","unit":"us-east-1.service","namespace":null,"pod":null,
 "container":null,"pid":812,"comm":"node","unsent_bytes":65536,
 "srtt_us":41000,"state":"synced","reason":null,"opened_seconds":11520.5,"last_event_seconds":0.42,
 "events_out":123456,"heartbeats_out":0,"control_out":42,"other_out":0,"frames_out":123498,
 "bytes_out":98765432,"events_in":987,"control_in":42,"frames_in":1029,"bytes_in":76543,
 "losses_out":0,"losses_in":0,"rpcs_out":null,"rpcs_in":null,"entries_out":null,"entries_in":null,"acked":123450,"in_flight":6,"lost":0,
 "unknown":0,"pace":"slow","unsent_seconds":6.5,"unacked_seconds":0.2,"silent":false},
{"cookie":4712,"shard":"beast:9000","role":"client","hop":"edge","protocol":"websocket",
 "local":"[2001:db8::1]:9000","remote":"[2001:db8:1:2:3:4:5:6]:50124","netns":4026532000,
 "cgroup":null,"unit":null,"namespace":null,"pod":null,"container":null,
 "pid":null,"comm":null,"unsent_bytes":null,"srtt_us":null,"state":"unsynced",
 "reason":"bad_frame","opened_seconds":null,"last_event_seconds":null,"events_out":7,
 "heartbeats_out":0,"control_out":0,"other_out":0,"frames_out":7,"bytes_out":700,"events_in":0,
 "control_in":0,"frames_in":0,"bytes_in":0,"losses_out":0,"losses_in":0,"rpcs_out":null,"rpcs_in":null,"entries_out":null,"entries_in":null,"acked":7,"in_flight":0,"lost":0,
 "unknown":0,"pace":"ok","unsent_seconds":0,"unacked_seconds":0,"silent":false},
{"cookie":4710,"shard":"beast:9000","role":"client","hop":"inner","protocol":"websocket",
 "local":"127.0.0.1:9000","remote":"127.0.0.1:50125","netns":4026531840,"cgroup":"/",
 "unit":null,"namespace":null,"pod":null,"container":null,"pid":900,
 "comm":"be\u001b[31mast","unsent_bytes":0,"srtt_us":80,"state":"synced","reason":null,
 "opened_seconds":3.25,"last_event_seconds":12,"events_out":7,"heartbeats_out":0,"control_out":0,
 "other_out":0,"frames_out":7,"bytes_out":700,"events_in":1,"control_in":0,"frames_in":1,
 "bytes_in":10,"losses_out":0,"losses_in":0,"rpcs_out":null,"rpcs_in":null,"entries_out":null,"entries_in":null,"acked":7,"in_flight":0,"lost":0,
 "unknown":0,"pace":"ok","unsent_seconds":0,"unacked_seconds":0,"silent":false}])json";

// `findings` and `shards` are JSON arrays.
inline std::string canned_status(const std::string& findings, const std::string& shards) {
  return R"json({"version":"0.1.0","node":"host-a","cluster":"default","ready":true,"findings":)json" +
         findings +
         R"json(,"note":null,"started_seconds":1700000000,"uptime_seconds":11520.5,
"tick_seconds":0.0021,"snapshot_age_seconds":0.4,"last_scrape_seconds":4.2,"attached":true,
"cgroup":"/sys/fs/cgroup","subtree":false,"scope":"proven",
"scope_text":"a socket in another network namespace was counted",
"config_file":"/etc/fanfare/fanfare.yaml","config_reload_ok":true,"alerts":[],
"alertmanagers":[],"worst":null,"shards":)json" +
         shards +
         R"json(,"losses":{"flow_map_full":{"count":0,"recent":0},"mptcp":{"count":1234,"recent":3},
"from_the_future":{"count":1,"recent":0}},
"maps":[{"map":"flows","entries":3,"capacity":131072}],
"programs":[{"program":"on_egress","runs":0,"run_seconds":0}]})json";
}

}  // namespace fanfare::cli_test
