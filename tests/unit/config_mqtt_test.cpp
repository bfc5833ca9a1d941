// SPDX-License-Identifier: Apache-2.0
// clients.protocol: mqtt, what may stand beside it, and which ports the kernel is told of.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "agent/config/config_file.h"
#include "agent/kernel/knobs.h"
#include "bpf/abi.h"

namespace fanfare {
namespace {

std::string clients(const std::string& keys, const std::string& match = "listen_ports: [1883]") {
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

TEST(ConfigMqtt, RefusalsSayWhereWhatAndWhatIsAllowed) {
  const std::string keys = "f:4: shards[0].clients.";
  EXPECT_EQ(refusal(clients("protocol: mqtt, identity: payload")), "accepted");
  EXPECT_EQ(refusal(clients("protocol: mqtt", "exe: /a")),
            keys +
                "protocol: MQTT is read by port, and this shard has no match.listen_ports; "
                "allowed: listen_ports beside it, or auto");
  EXPECT_EQ(refusal(clients("protocol: mqtt, events: mqtt")),
            keys +
                "events: the packets of MQTT say what an event is; allowed: leave events out "
                "(events: mqtt without protocol: mqtt is for MQTT inside of WebSocket)");
  EXPECT_EQ(refusal(clients("protocol: mqtt, heartbeats: {json_key: a, in: [b]}")),
            keys + "heartbeats: MQTT has heartbeats of its own; allowed: leave heartbeats out");
}

TEST(ConfigMqtt, APortSpeaksOneProtocol) {
  const std::string first = "shards:\n  - {name: a, match: {listen_ports: [80]}}\n";
  const std::string second = "  - name: b\n    match: {listen_ports: [80], exe: /b}\n";
  EXPECT_EQ(refusal(first + second + "    clients: {protocol: mqtt}\n"),
            "f:5: shards[1].clients.protocol: what clients speak is told by port, and 80 is also "
            "one of match.listen_ports of 'a', shards[0] (line 2); allowed: ports of its own, or "
            "the same protocol for both");
}

TEST(ConfigMqtt, TheKernelIsToldOfItsPortsAndOfNoOthers) {
  const Config config = parse_config(
      "shards:\n  - {name: a, match: {listen_ports: [80, 81]}}\n"
      "  - {name: b, match: {listen_ports: [1884, 1883]}, clients: {protocol: mqtt}}\n",
      "f");
  const std::map<std::uint16_t, std::uint8_t> words{{1883, FANFARE_MQTT}, {1884, FANFARE_MQTT}};
  EXPECT_EQ(client_protocols(knobs_of(config).shards), words);
  EXPECT_TRUE(client_protocols({}).empty());
}

}  // namespace
}  // namespace fanfare
