// SPDX-License-Identifier: Apache-2.0
// clients.room: what is taken, what is refused, word for word, and what a reload may not change.
#include <gtest/gtest.h>

#include <string>

#include "agent/config/config_file.h"
#include "agent/config/config_text.h"
#include "agent/reload.h"

namespace fanfare {
namespace {

std::string refusal(const std::string& yaml) {
  try {
    parse_config(yaml, "f");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string with_clients(const std::string& keys) {
  return "shards:\n  - name: a\n    match: {listen_ports: [80]}\n    clients: {" + keys + "}\n";
}

TEST(ConfigRoom, IsReadAndShownAsItWasWritten) {
  const auto config =
      parse_config(with_clients("identity: {json_key: id}, room: {json_key: cid}"), "f");
  EXPECT_EQ(config.shards.at(0).room, (Room{Room::Kind::json_key, "cid"}));
  EXPECT_EQ(parse_config(config_show(config), "f"), config) << config_show(config);
  EXPECT_NE(config_show(config).find("      room:\n        json_key: cid\n"), std::string::npos);
  EXPECT_EQ(parse_config(with_clients("identity: payload, room: none"), "f").shards.at(0).room,
            Room{});
  EXPECT_EQ(refusal(with_clients("identity: payload, room: {json_key: id}")), "accepted");
}

TEST(ConfigRoom, RefusalsSayWhereWhatAndWhatIsAllowed) {
  const std::string room = "f:4: shards[0].clients.room",
                    allowed = "none, or a mapping with json_key";
  EXPECT_EQ(refusal(with_clients("identity: payload, room: protocol")),
            room + ": 'protocol' is not known; allowed: " + allowed);
  EXPECT_EQ(refusal(with_clients("identity: payload, room: [cid]")),
            room + ": found a list; allowed: " + allowed);
  EXPECT_EQ(refusal(with_clients("identity: payload, room: {}")),
            room + ": json_key is missing; it is required here");
  EXPECT_EQ(refusal(with_clients("identity: payload, room: {json_key: 'a\"'}")),
            room +
                ".json_key: 'a\"' is not a JSON key; allowed: 1..32 bytes of printable text "
                "without '\"' and '\\'");
  EXPECT_EQ(refusal(with_clients("room: {json_key: cid}")),
            room +
                ": an event without an identity is followed to no room; allowed: room: none, or "
                "identity beside it");
  EXPECT_EQ(refusal(with_clients("identity: {json_key: id}, room: {json_key: id}")),
            room +
                ": 'id' is also the json_key of clients.identity, so each event would have a room "
                "of its own; allowed: another key, or room: none");
}

// Log entries are told by the port alone.
TEST(ConfigRoom, ReplicationPortsWithRoomsBelongToOneShard) {
  const std::string raft = "    replication: {protocol: hashicorp-raft, ports: [7000]}\n";
  const std::string room = "    clients: {identity: payload, room: {json_key: cid}}\n";
  const std::string a = "  - name: a\n    match: {listen_ports: [80], cgroup: /a}\n" + raft;
  const std::string b = "  - name: b\n    match: {listen_ports: [81], cgroup: /b}\n" + raft;
  const std::string complaint =
      "the rooms of log entries are read by port, and 7000 is one of replication.ports of this "
      "shard and of 'a', shards[0] (line 2); allowed: replication ports of its own, or room: none "
      "for both";
  EXPECT_EQ(refusal("shards:\n" + a + b), "accepted");
  EXPECT_EQ(refusal("shards:\n" + a + b + room), "f:8: shards[1].clients.room: " + complaint);
  EXPECT_EQ(refusal("shards:\n" + a + room + b), "f:8: shards[1].replication.ports: " + complaint);
}

TEST(ConfigRoom, AnotherRoomNeedsARestart) {
  const auto config = [](const std::string& keys, const std::string& port = "7000") {
    return parse_config(with_clients("identity: payload" + keys) +
                            "    replication: {protocol: hashicorp-raft, ports: [" + port + "]}\n",
                        "f");
  };
  const std::string changed = "shards[].clients.events, heartbeats, identity or room";
  const std::string cid = ", room: {json_key: cid}", topic = ", room: {json_key: topic}";
  EXPECT_EQ(fixed_key_changed(config(cid), config(cid)), "");
  EXPECT_EQ(fixed_key_changed(config(""), config(cid)), changed);
  EXPECT_EQ(fixed_key_changed(config(cid), config(topic)), changed);
  EXPECT_EQ(fixed_key_changed(config(cid), config(cid, "7001")),
            "replication.ports of a shard with clients.room");
  EXPECT_EQ(fixed_key_changed(config(""), config("", "7001")), "");
}

}  // namespace
}  // namespace fanfare
