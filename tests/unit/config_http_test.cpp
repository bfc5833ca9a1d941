// SPDX-License-Identifier: Apache-2.0
// clients.publishes and clients.protocol: sse: what may stand beside them, what the kernel is told.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "agent/config/config_file.h"
#include "agent/config/config_text.h"
#include "agent/kernel/knobs.h"
#include "agent/kernel/publish_set.h"
#include "agent/reload.h"
#include "bpf/abi.h"

namespace fanfare {
namespace {

std::string clients(const std::string& keys, const std::string& match = "listen_ports: [8080]") {
  return "shards:\n  - name: a\n    match: {" + match + "}\n    clients: {" + keys + "}\n";
}

std::string refusal(const std::string& yaml) {
  try {
    parse_config(yaml, "f");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

const std::string send = "publishes: [{method: POST, path: /api/send}]";

TEST(ConfigHttp, ReadsPublishesAndShowsThem) {
  const Config config = parse_config(clients(send + ", protocol: sse"), "f");
  const auto& shard = config.shards.at(0);
  EXPECT_EQ(shard.protocol, ClientProtocol::sse);
  ASSERT_EQ(shard.publishes.size(), 1U);
  EXPECT_EQ(shard.publishes[0], (Publish{Publish::Method::post, "/api/send"}));
  EXPECT_EQ(parse_config(config_show(config), "f"), config);
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"})
    EXPECT_EQ(refusal(clients("publishes: [{method: " + std::string(method) + ", path: /}]")),
              "accepted");
}

TEST(ConfigHttp, RefusalsSayWhereWhatAndWhatIsAllowed) {
  const std::string keys = "f:4: shards[0].clients.";
  EXPECT_EQ(refusal(clients(send, "exe: /a")),
            keys +
                "publishes: HTTP is read by port, and this shard has no match.listen_ports; "
                "allowed: listen_ports beside it, or no publishes");
  EXPECT_EQ(refusal(clients(send + ", protocol: mqtt")),
            keys +
                "publishes: the ports of MQTT speak no HTTP; allowed: a shard of its own for "
                "the ports with HTTP");
  EXPECT_EQ(refusal(clients("protocol: sse", "exe: /a")),
            keys +
                "protocol: streams of events are read by port, and this shard has no "
                "match.listen_ports; allowed: listen_ports beside it, or auto");
  EXPECT_EQ(refusal(clients("protocol: sse, events: socketio")),
            keys +
                "events: of a stream each block with data is an event; allowed: leave events "
                "out");
  EXPECT_EQ(refusal(clients("protocol: sse, heartbeats: {json_key: a, in: [b]}")),
            keys +
                "heartbeats: of a stream the comments are heartbeats; allowed: leave "
                "heartbeats out");
  EXPECT_EQ(refusal(clients("protocol: sse, identity: payload")),
            keys +
                "identity: no identity is read from streams of events in this version; "
                "allowed: identity: none");
  EXPECT_EQ(refusal(clients("publishes: [{method: POST, path: api}]")),
            keys +
                "publishes[0].path: 'api' is not the beginning of a path; allowed: 1..63 bytes "
                "of printable ASCII that begin with '/', without a space");
  EXPECT_EQ(refusal(clients("publishes: [{method: POST}]")),
            keys + "publishes[0]: path is missing; it is required here");
  EXPECT_EQ(refusal(clients("publishes: [{method: post, path: /}]")).substr(0, 44),
            keys + "publishes[0].method: ");
}

TEST(ConfigHttp, APortHasThePublishesOfOneShard) {
  EXPECT_EQ(refusal(clients(send) + "  - name: b\n    match: {listen_ports: [8080], exe: /b}\n"),
            "f:5: shards[1].clients.publishes: publishes are told by port, and 8080 is also one of "
            "match.listen_ports of 'a', shards[0] (line 2); allowed: ports of its own, or no "
            "publishes for both");
}

TEST(ConfigHttp, TheKernelIsToldOfItsPortsAndOfNoOthers) {
  const auto knobs = knobs_of(
      parse_config(clients(send) +
                       "  - {name: b, match: {listen_ports: [81]}}\n"
                       "  - {name: c, match: {listen_ports: [82]}, clients: {protocol: sse}}\n"
                       "  - {name: d, match: {listen_ports: [83]}, clients: {protocol: sse, " +
                       send + "}}\n",
                   "f"));
  const std::map<std::uint16_t, std::uint8_t> words{
      {8080, FANFARE_PORT_PUBLISHES},
      {82, FANFARE_SSE},
      {83, std::uint8_t{FANFARE_SSE} | FANFARE_PORT_PUBLISHES}};
  EXPECT_EQ(client_protocols(knobs.shards), words);
  EXPECT_EQ(places_that_publish(knobs.shards), (std::vector<std::uint32_t>{0, 3}));
}

TEST(ConfigHttp, PublishesAreComparedByTheEightBytesFromEachPlace) {
  const auto set = publish_set({{Publish::Method::patch, "/api/rooms"}});
  EXPECT_EQ(set.publish[0].method, FANFARE_METHOD_PATCH);
  EXPECT_EQ(set.publish[0].path_bytes, 10);
  EXPECT_EQ(set.publish[0].path[8], 's' << 8 | 'm');
  EXPECT_EQ(set.publish[1].method, FANFARE_METHOD_OTHER);
}

TEST(ConfigHttp, OtherPublishesNeedARestart) {
  const Config before = parse_config(clients(send), "f");
  Config after = before;
  after.shards[0].name = "b";
  EXPECT_EQ(fixed_key_changed(before, after), "");
  after.shards[0].publishes[0].path = "/other";
  EXPECT_EQ(fixed_key_changed(before, after), "shards[].clients.publishes");
}

}  // namespace
}  // namespace fanfare
