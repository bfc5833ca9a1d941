// SPDX-License-Identifier: Apache-2.0
// The configuration from text to Config: what is accepted, the exact words of each refusal, and
// the flags. The way back to text is in config_text_test.cpp.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "agent/config/config_file.h"
#include "agent/config/overrides.h"

namespace fanfare {
namespace {

using namespace std::string_literals;

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

TEST(Config, NothingGivesTheDefaults) {
  for (const std::string text : {"", "\n", "# nothing\n", "---\n", "{}", "~", "\xef\xbb\xbf"})
    EXPECT_EQ(parse_config(text, "f"), Config{}) << '"' << text << '"';
  EXPECT_EQ(parse_config("limits:\nshards:\nalertmanagers:\n", "f"), Config{});
}

TEST(Config, EveryKeyThatWorksIsTaken) {
  const Config config = parse_config(R"(
node: host-7
cluster: "prod, west"
cgroup: /sys/fs/cgroup/chat/
listen: "[::1]:0"
admin: /tmp/a.sock
limits: {sockets: 16, shards: 100000, identities: 64, shard_idle_seconds: 10}
shards:
  - name: us-east-1
    match: {listen_ports: [8081, 1, 65535], cgroup: /chat, exe: /usr/bin/chatd}
    expected: false
    clients: {protocol: websocket, events: all, identity: none}
  - name: "\u00fc"
    match: {exe: /b}
    expected: true
    late_seconds: 60
    clients:
  - name: raft
    match: {listen_ports: [80], exe: /b}
    clients: {identity: {json_key: "the id"}}
    replication:
      protocol: hashicorp-raft
      ports: [7001, 7000]
      peers: {10.0.0.2: node-b, 10.0.0.3:7000: node-c, "[FD00:0::2]:7000": d, "::ffff:10.0.0.4": e}
  - {name: p, match: {listen_ports: [81], exe: /b}, clients: {identity: payload}}
alertmanagers: [http://127.0.0.1:9093, "https://user:pass@am.example/prefix/"]
)",
                                     "f");
  Config expected;
  expected.node = "host-7";
  expected.cluster = "prod, west";
  expected.cgroup = "/sys/fs/cgroup/chat/";
  expected.listen = "[::1]:0";
  expected.admin = "/tmp/a.sock";
  expected.limits = {.sockets = 16, .shards = 100000, .identities = 64, .shard_idle_seconds = 10};
  expected.shards = {{"us-east-1", {{1, 8081, 65535}, "/chat", "/usr/bin/chatd"}},
                     {"\u00fc", {{}, "", "/b"}},
                     {"raft", {{80}, "", "/b"}, {Identity::Kind::json_key, "the id"}},
                     {"p", {{81}, "", "/b"}, {Identity::Kind::payload, ""}}};
  expected.shards[1].expected = true;
  expected.shards[1].late_seconds = 60;
  expected.shards[2].replication = {.protocol = ReplicationProtocol::hashicorp_raft,
                                    .ports = {7000, 7001},
                                    .peers = {{"10.0.0.2", "node-b"},
                                              {"10.0.0.3:7000", "node-c"},
                                              {"[fd00::2]:7000", "d"},
                                              {"10.0.0.4", "e"}}};
  expected.alertmanagers = {"http://127.0.0.1:9093", "https://user:pass@am.example/prefix/"};
  EXPECT_EQ(config, expected);
}

struct Refusal {
  std::string yaml, text;
};

const std::string root_keys =
    "node, cluster, cgroup, listen, admin, limits, shards, kubernetes, alertmanagers";
const std::string shard_keys = "name, match, expected, late_seconds, clients, replication";
const std::string label = " bytes of printable text without a space at either end";
const std::string new_key = "known, but not available in this version; allowed: ";

const std::vector<Refusal> refused_keys = {
    {"node: a\nlisen: b\n",
     "f:2: lisen: unknown key (did you mean 'listen'?); allowed: " + root_keys},
    {"colour: red", "f:1: colour: unknown key; allowed: " + root_keys},
    {"\"a\\e[2J\": 1", "f:1: a\\x1b[2J: unknown key; allowed: " + root_keys},
    {"<<: {node: a}", "f:1: <<: unknown key; allowed: " + root_keys},
    {"limits: {shrads: 1}",
     "f:1: limits.shrads: unknown key (did you mean 'shards'?); allowed: sockets, shards, "
     "identities, shard_idle_seconds"},
    {shard_with("mtach: {}"),
     "f:4: shards[0].mtach: unknown key (did you mean 'match'?); allowed: " + shard_keys},
    {"node: a\ncluster: b\nnode: a\n", "f:3: node: given twice, first on line 1; allowed: once"},
    {shard_with("match: {exe: /b}"),
     "f:4: shards[0].match: given twice, first on line 3; allowed: once"},
    {"shards:\n  - match: {exe: /a}\n", "f:2: shards[0]: name is missing; it is required here"},
    {"shards: [{name: a}]", "f:1: shards[0]: match is missing; it is required here"},
    {"shards:\n  - name: a\n    match: {}\n",
     "f:3: shards[0].match: empty; allowed: at least 1 of listen_ports, cgroup, exe, pod_labels"},
    {"node:\n\ncluster: b\n", "f:1: node: found nothing; allowed: auto, or 1..253" + label},
    {"node: [a]", "f:1: node: found a list; allowed: auto, or 1..253" + label},
    {"shards: [{name: a, match: {lsten_prts: [1]}}]",
     "f:1: shards[0].match.lsten_prts: unknown key (did you mean 'listen_ports'?); allowed: "
     "listen_ports, cgroup, exe, pod_labels"},
    {"limits: 5", "f:1: limits: found a single value; allowed: a mapping"},
    {"shards: {name: a}", "f:1: shards: found a mapping; allowed: a list, each entry a shard"},
    {"shards: [a]", "f:1: shards[0]: found a single value; allowed: a mapping"},
    {"- a", "f:1: found a list; allowed: a mapping"},
    {"text", "f:1: found a single value; allowed: a mapping"},
};

const std::vector<Refusal> refused_values = {
    {"node: ''", "f:1: node: '' is not a node name; allowed: auto, or 1..253" + label},
    {"node: \"a\\nb\"",
     "f:1: node: 'a\\x0ab' is not a node name; allowed: auto, or 1..253" + label},
    {"node: \"a\\u202eb\"",
     "f:1: node: 'a\\xe2\\x80\\xaeb' is not a node name; allowed: auto, or 1..253" + label},
    {"cluster: ' a'", "f:1: cluster: ' a' is not a cluster name; allowed: 1..128" + label},
    {"cluster: " + repeated("c", 129),
     "f:1: cluster: '" + repeated("c", 80) + "...' is not a cluster name; allowed: 1..128" + label},
    {"cgroup: chat",
     "f:1: cgroup: 'chat' is not a cgroup; allowed: auto, or the absolute path of a cgroup v2 "
     "directory"},
    {"listen: localhost:80",
     "f:1: listen: 'localhost:80' is not a listen address; allowed: ADDR:PORT with an IPv4 address "
     "or [IPv6], such as 127.0.0.1:9477 or [::1]:9477; port 0..65535, 0 lets the kernel choose"},
    {"admin: /" + repeated("a", 107),
     "f:1: admin: '/" + repeated("a", 79) +
         "...' is not a socket path; allowed: an absolute path of at most 107 bytes that does not "
         "end in '/'"},
    {"limits:\n  sockets: 15",
     "f:2: limits.sockets: 15 is not a number of sockets; allowed: 16..4194304"},
    {"limits: {sockets: 4194305}",
     "f:1: limits.sockets: 4194305 is not a number of sockets; allowed: 16..4194304"},
    {"limits: {shards: 0x10}",
     "f:1: limits.shards: '0x10' is not a number of shards; allowed: 1..100000"},
    {"limits: {shards: 010}",
     "f:1: limits.shards: 010 is not a number of shards; allowed: 1..100000"},
    {"limits: {shards: 4294967297}",
     "f:1: limits.shards: 4294967297 is not a number of shards; allowed: 1..100000"},
    {"limits: {shards: \"9\"}",
     "f:1: limits.shards: '9' is quoted text, not a number of shards; allowed: 1..100000, "
     "unquoted"},
    {"shards:\n  - name: a\n    match:\n      listen_ports:\n        - 80\n        - 70000\n",
     "f:6: shards[0].match.listen_ports[1]: 70000 is not a port; allowed: 1..65535"},
    {"shards: [{name: a, match: {listen_ports: [0]}}]",
     "f:1: shards[0].match.listen_ports[0]: 0 is not a port; allowed: 1..65535"},
    {"shards: [{name: a, match: {listen_ports: [8, 8]}}]",
     "f:1: shards[0].match.listen_ports[1]: 8 is given twice; allowed: each once"},
    {"shards: [{name: a, match: {listen_ports: []}}]",
     "f:1: shards[0].match.listen_ports: 0 entries; allowed: 1..1024 entries"},
    {"shards: [{name: a, match: {cgroup: /a/../b}}]",
     "f:1: shards[0].match.cgroup: '/a/../b' is not a cgroup path; allowed: an absolute path below "
     "the cgroup root, without '.', '..', '//' or a final '/'"},
    {"shards: [{name: a, match: {exe: chatd}}]",
     "f:1: shards[0].match.exe: 'chatd' is not an executable's path; allowed: an absolute path "
     "without '.', '..', '//' or a final '/'"},
    {"shards: [{name: other, match: {exe: /a}}]",
     "f:1: shards[0].name: 'other' is not a shard name; allowed: 1..128" + label +
         ", and not 'other'"},
    {shard_with("expected: maybe"),
     "f:4: shards[0].expected: 'maybe' is neither true nor false; allowed: true, false"},
    {shard_with("expected: 'true'"),
     "f:4: shards[0].expected: 'true' is neither true nor false; allowed: true, false, unquoted"},
    {shard_with("expected: [true]"), "f:4: shards[0].expected: found a list; allowed: true, false"},
    {shard_with("clients: {protocol: websoket}"),
     "f:4: shards[0].clients.protocol: 'websoket' is not known (did you mean 'websocket'?); "
     "allowed: auto, websocket, mqtt, sse"},
};

const std::vector<Refusal> refused_for_now = {
    {shard_with("clients: {protocol: centrifugo}"),
     "f:4: shards[0].clients.protocol: 'centrifugo': " + new_key + "auto, websocket, mqtt, sse"},
    {raft_with("protocol: nats, ports: [7000]"),
     "f:4: shards[0].replication.protocol: 'nats': " + new_key + "hashicorp-raft"},
};

const std::vector<Refusal> refused_texts = {
    {"node: a\n---\nnode: b\n", "f:2: a second document begins; allowed: one document"},
    {"node: &a x\ncluster: *a\n",
     "f:2: aliases (*name) are not supported; allowed: the value itself, written out"},
    {"node: !!str x", "f:1: tags (!name) are not supported; allowed: none"},
    {"{[a]: b}", "f:1: a list as a key; allowed: a name"},
    {"node: [\n", "f:2: not YAML: end of sequence flow not found; allowed: YAML 1.2"},
    {"node: a\xff", "f:1: byte \\xff is not text; allowed: UTF-8"},
    {"node: a\n\0"s, "f:2: byte \\x00 is not text; allowed: UTF-8"},
    {"\xff\xfen\0"s, "f:1: byte \\xff is not text; allowed: UTF-8"},
    {repeated("[", 17) + repeated("]", 17), "f:1: nested too deep; allowed: 16 levels"},
    {repeated("[", 1000000), "f:1: a list as a key; allowed: a name"},  // yaml-cpp's view
    {repeated("- ", 500000), "f:1: nested too deep; allowed: 16 levels"},
    {repeated(" ", 1048577), "f: larger than 1 MiB; allowed: 1048576 bytes"},
};

TEST(Config, RefusalsSayWhereWhatAndWhatIsAllowed) {
  for (const auto& table : {refused_keys, refused_values, refused_for_now, refused_texts})
    for (const Refusal& bad : table)
      EXPECT_EQ(refusal(bad.yaml), bad.text) << bad.yaml.substr(0, 200);
}

TEST(Config, BoundsThemselvesAreAllowed) {
  EXPECT_EQ(refusal("limits: {sockets: 4194304, shards: 1}"), "accepted");
  EXPECT_EQ(refusal("admin: /" + repeated("a", 106)), "accepted");
  EXPECT_EQ(refusal("node: " + repeated("n", 253)), "accepted");
  EXPECT_EQ(refusal("node: n" + repeated(" ", 1048569)), "accepted");
}

TEST(Config, FilesThatCannotBeReadAreNamed) {
  const auto load = [](const std::string& path) -> std::string {
    try {
      load_config_file(path);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  const std::string tail = "; allowed: a readable YAML file";
  EXPECT_EQ(load("/nonexistent/f"),
            "/nonexistent/f: cannot be read: No such file or directory" + tail);
  EXPECT_EQ(load("/"), "/: cannot be read: Is a directory" + tail);
  EXPECT_EQ(load("/dev/zero"), "/dev/zero: larger than 1 MiB; allowed: 1048576 bytes");
  const std::string path = testing::TempDir() + "config_test.yaml";
  std::ofstream(path) << "node: from-a-file\n";
  EXPECT_EQ(load_config_file(path).node, "from-a-file");
  std::remove(path.c_str());
}

TEST(ConfigRules, ContestedSocketsNameBothShards) {
  EXPECT_EQ(refusal("shards:\n  - name: a\n    match: {listen_ports: [80, 81]}\n"
                    "  - name: b\n    match: {listen_ports: [81]}\n"),
            "f:4: shards[1].match: 'b' can claim the same sockets as 'a', shards[0] (line 2), and "
            "neither is stricter; allowed: ports, cgroups, executables or pod labels that exclude "
            "each other, "
            "or a further condition for one of them");
  EXPECT_EQ(
      refusal("shards:\n  - {name: a, match: {exe: /a}}\n  - {name: a, match: {exe: /b}}\n"),
      "f:3: shards[1].name: 'a' is already the name of shards[0] (line 2); allowed: a name of "
      "its own");
  EXPECT_EQ(refusal("shards:\n  - {name: a, match: {exe: /a}}\n"
                    "  - {name: b, match: {exe: /a, cgroup: /c}}\n"),
            "accepted");
}

TEST(ConfigOverrides, FlagsWinAndAreNamed) {
  Config expected;
  expected.listen = "0.0.0.0:1";
  expected.node = "n";
  EXPECT_EQ(with_overrides(Config{}, {.listen = "0.0.0.0:1", .node = "n"}), expected);
  const auto bad = [](const Overrides& overrides) -> std::string {
    try {
      with_overrides(Config{}, overrides);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(bad({.node = ""}), "--node: '' is not a node name; allowed: auto, or 1..253" + label);
  EXPECT_EQ(bad({.listen = "::1:80"}).substr(0, 43), "--listen: '::1:80' is not a listen address;");
  EXPECT_EQ(bad({.listen = "127.0.0.1\0x:80"s}).substr(0, 10), "--listen: ");
  EXPECT_EQ(bad({.admin = "a"}).substr(0, 31), "--admin: 'a' is not a socket pa");
  EXPECT_EQ(bad({.cgroup = "a\xff"}).substr(0, 30), "--cgroup: 'a\\xff' is not a cgr");
}

}  // namespace
}  // namespace fanfare
