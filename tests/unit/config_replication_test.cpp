// SPDX-License-Identifier: Apache-2.0
// What is refused of replication, of identities and of Alertmanagers, word for word. The other keys
// are in config_test.cpp.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/config/config_file.h"

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

std::string repeated(const std::string& unit, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += unit;
  return out;
}

// A file whose only shard has this line among its keys.
std::string shard_with(const std::string& line) {
  return "shards:\n  - name: a\n    match: {exe: /a}\n    " + line + "\n";
}

// ... with these keys of its replication.
std::string raft_with(const std::string& keys) { return shard_with("replication: {" + keys + "}"); }

struct Refusal {
  std::string yaml, text;
};

const std::string label = " bytes of printable text without a space at either end";

const std::string peers = "f:4: shards[0].replication.peers";
const std::string peer_rule =
    " is not a peer's address; allowed: an IPv4 or IPv6 address, alone or with the port that the "
    "peer listens on, such as 10.0.0.2, 10.0.0.2:7000 or [fd00::2]:7000";
const std::string url_rule =
    " is not an Alertmanager's URL; allowed: http://HOST[:PORT][/PATH] or https://..., without "
    "query and fragment, at most 1024 bytes";
const std::string identities = "none, payload, or a mapping with json_key";

const std::vector<Refusal> refused_replication = {
    {raft_with("ports: [7000]"),
     "f:4: shards[0].replication: protocol is missing; it is required here"},
    {raft_with("protocol: hashicorp-raft"),
     "f:4: shards[0].replication: ports is missing; it is required here"},
    {raft_with("protocol: hasicorp-raft, ports: [7000]"),
     "f:4: shards[0].replication.protocol: 'hasicorp-raft' is not known (did you mean "
     "'hashicorp-raft'?); allowed: hashicorp-raft"},
    {raft_with("peers: [10.0.0.2]"),
     peers + ": found a list; allowed: a mapping of a peer's address to a peer's name"},
    {raft_with("peers: {node-b: 10.0.0.2}"), peers + ".node-b: 'node-b'" + peer_rule},
    {raft_with("peers: {10.0.0.2:0: b}"), peers + ".10.0.0.2:0: '10.0.0.2:0'" + peer_rule},
    {raft_with("peers: {10.0.0.2: ''}"),
     peers + ".10.0.0.2: '' is not a peer's name; allowed: 1..253" + label},
    {raft_with("peers: {'fd00::2': b, 'fd00:0::2': c}"),
     peers + ".fd00:0::2: fd00::2 is given twice, first on line 4; allowed: once"},
};

const std::vector<Refusal> refused_identities = {
    {shard_with("clients: {identity: paylod}"),
     "f:4: shards[0].clients.identity: 'paylod' is not known (did you mean 'payload'?); allowed: " +
         identities},
    {shard_with("clients: {identity: [id]}"),
     "f:4: shards[0].clients.identity: found a list; allowed: " + identities},
    {shard_with("clients: {identity: {}}"),
     "f:4: shards[0].clients.identity: json_key is missing; it is required here"},
    {shard_with("clients: {identity: {json_key: 'a\"'}}"),
     "f:4: shards[0].clients.identity.json_key: 'a\"' is not a JSON key; allowed: 1..32 bytes of "
     "printable text without '\"' and '\\'"},
    {shard_with("clients: {identity: payload}"),
     "f:4: shards[0].clients.identity: identities are read by port, and this shard has no "
     "match.listen_ports; allowed: identity: none, or listen_ports beside it"},
    {"limits: {identities: 63}",
     "f:1: limits.identities: 63 is not a number of identities; allowed: 64..4194304"},
};

const std::vector<Refusal> refused_alertmanagers = {
    {"alertmanagers: http://a",
     "f:1: alertmanagers: found a single value; allowed: a list of at "
     "most 16 entries"},
    {"alertmanagers: [" + repeated("http://a,", 17) + "]",
     "f:1: alertmanagers: 17 entries; allowed: at most 16 entries"},
    {"alertmanagers:\n  - http://a\n  - http://a\n",
     "f:3: alertmanagers[1]: given twice; allowed: each once"},
    {"alertmanagers: [127.0.0.1:9093]", "f:1: alertmanagers[0]: '127.0.0.1:9093'" + url_rule},
    {"alertmanagers: ['ftp://a']", "f:1: alertmanagers[0]: 'ftp://a'" + url_rule},
    {"alertmanagers: ['http:///a']", "f:1: alertmanagers[0]: 'http:///a'" + url_rule},
    {"alertmanagers: ['http://a:65536']", "f:1: alertmanagers[0]: 'http://a:65536'" + url_rule},
    {"alertmanagers: ['http://a%0ab']", "f:1: alertmanagers[0]: 'http://a%0ab'" + url_rule},
    {"alertmanagers: ['http://u:secret@a/?q=1']",
     "f:1: alertmanagers[0]: 'http://u:***@a/?q=1'" + url_rule},
    {"alertmanagers: ['http://u:se/cr:e@t@a']",
     "f:1: alertmanagers[0]: 'http://u:***@a'" + url_rule},
};

TEST(ConfigReplication, RefusalsSayWhereWhatAndWhatIsAllowed) {
  for (const auto& table : {refused_replication, refused_identities, refused_alertmanagers})
    for (const Refusal& bad : table) EXPECT_EQ(refusal(bad.yaml), bad.text) << bad.yaml;
}

// Two shards on their lines 2 and 5; `late` has one line for each of its keys.
std::string two_shards(const std::string& early, const std::string& late) {
  return "shards:\n  - name: a\n" + early + "  - name: b\n" + late;
}

TEST(ConfigRules, ReplicationPortsBelongToOneShardAndToNoClient) {
  const std::string raft = "    replication: {protocol: hashicorp-raft, ports: [7000]}\n";
  const std::string apart = "; allowed: clients and nodes on ports of their own";
  EXPECT_EQ(refusal(two_shards("    match: {listen_ports: [80]}\n" + raft,
                               "    match: {listen_ports: [81]}\n" + raft)),
            "f:7: shards[1].replication.ports: 'b' can claim the same replication sockets as 'a', "
            "shards[0] (line 2), and neither is stricter; allowed: ports of its own, or "
            "match.cgroup or match.exe that exclude each other");
  EXPECT_EQ(refusal(two_shards("    match: {listen_ports: [80], cgroup: /a}\n" + raft,
                               "    match: {listen_ports: [81], cgroup: /b}\n" + raft)),
            "accepted");
  EXPECT_EQ(refusal("shards:\n  - name: a\n    match: {listen_ports: [7000, 80]}\n" + raft),
            "f:4: shards[0].replication.ports: 7000 is also one of this shard's "
            "match.listen_ports" +
                apart);
  EXPECT_EQ(refusal(two_shards("    match: {listen_ports: [7000], cgroup: /a}\n",
                               "    match: {exe: /b, cgroup: /b}\n" + raft)),
            "f:6: shards[1].replication.ports: 7000 is also one of match.listen_ports of 'a', "
            "shards[0] (line 2)" +
                apart);
  EXPECT_EQ(refusal(two_shards("    match: {exe: /b, cgroup: /b}\n" + raft,
                               "    match: {listen_ports: [7000], cgroup: /a}\n")),
            "f:5: shards[1].match.listen_ports: 7000 is also one of replication.ports of 'a', "
            "shards[0] (line 2)" +
                apart);
}

TEST(ConfigRules, PortsWhoseEventsAreIdentifiedBelongToOneShard) {
  const std::string identity = "    clients: {identity: payload}\n";
  const std::string apart =
      "f:5: shards[1].clients.identity: identities are read by port, and 80 is also one of "
      "match.listen_ports of 'a', shards[0] (line 2); allowed: ports of its own, or identity: none "
      "for both";
  const std::string a = "    match: {listen_ports: [80], cgroup: /a}\n";
  const std::string b = "    match: {listen_ports: [80], cgroup: /b}\n";
  EXPECT_EQ(refusal(two_shards(a + identity, b)), apart);
  EXPECT_EQ(refusal(two_shards(a, b)), "accepted");
}

}  // namespace
}  // namespace fanfare
