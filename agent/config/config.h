// SPDX-License-Identifier: Apache-2.0
// The validated configuration as plain values, every default in one place. How the file is read
// and refused stands in config_file.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fanfare {

struct Limits {
  std::uint32_t sockets = 131072;    // flow records in the kernel
  std::uint32_t shards = 1000;       // shard labels; the rest goes to shard="other"
  std::uint32_t identities = 65536;  // events in flight whose identity is kept, see Identity
  // A shard that no rule names ends so long after its last socket; so do alerts of any.
  std::uint32_t shard_idle_seconds = 600;
  bool operator==(const Limits&) const = default;
};

// All given conditions must hold; an empty one holds always.
struct ShardMatch {
  std::vector<std::uint16_t> listen_ports;
  std::string cgroup;  // path below the root; the cgroup itself or any below it
  std::string exe;     // path of the listener's executable
  // Of the pod that the listener runs in.
  std::map<std::string, std::string> pod_labels{};
  bool operator==(const ShardMatch&) const = default;
};

// How one event is told from another by its bytes. Costs time for each event, so off by default.
struct Identity {
  enum class Kind {
    none,
    payload,   // the first bytes of the payload
    json_key,  // the string or number after `"key":` in the first bytes of the payload
  };
  Kind kind = Kind::none;
  std::string key;  // json_key only
  bool operator==(const Identity&) const = default;
};

// How it is told whom an event is for: the channel, topic, room or destination in its bytes.
struct Room {
  enum class Kind {
    none,
    json_key,  // the string or number after `"key":`, read where Identity::json_key is
  };
  Kind kind = Kind::none;
  std::string key{};  // json_key only
  bool operator==(const Room&) const = default;
};

// What the clients speak inside of WebSocket.
enum class Subprotocol {
  all,    // nothing that is told apart: every data message is an event
  match,  // by Events::prefix or Events::key
  socketio,
  phoenix,
  sockjs,
  centrifugo,
  centrifugo_protobuf,
  xmpp,
  stomp,
  graphql_ws,
  nats,
  mqtt,
};

// Messages whose JSON has one of the values, strings or numbers, for the key.
struct KeyValues {
  std::string json_key;
  std::vector<std::string> in;
  bool operator==(const KeyValues&) const = default;
};

// Which data messages are events and which heartbeats; the rest is `other`. Costs time for each
// message, so off by default.
struct Classes {
  Subprotocol events = Subprotocol::all;
  std::string prefix;    // match: either this
  KeyValues event_key;   // or this
  KeyValues heartbeats;  // all and match only; empty: none
  bool operator==(const Classes&) const = default;
};

// Whether anything has to be read for it.
bool tells(const Classes& classes);

// Whether one message of WebSocket may hold several of the protocol.
bool holds_several(Subprotocol protocol);

// What the clients' sockets speak.
enum class ClientProtocol {
  websocket,  // found by its upgrade, on any port
  mqtt,       // over TCP; 3.1.1 and 5
  sse,        // server-sent events over HTTP/1.1
};

// Requests of HTTP/1.1 by which clients publish: an event each, once it is answered 2xx.
struct Publish {
  enum class Method { get, post, put, patch, del };
  Method method = Method::post;
  std::string path;  // the request's target begins with it
  bool operator==(const Publish&) const = default;
};

enum class ReplicationProtocol { hashicorp_raft };

struct Replication {
  ReplicationProtocol protocol = ReplicationProtocol::hashicorp_raft;
  std::vector<std::uint16_t> ports;  // sorted; those that a node listens on
  // "10.0.0.2" or "10.0.0.2:7000" or "[fd00::2]:7000" -> the node's name, for labels.
  std::map<std::string, std::string> peers;
  bool operator==(const Replication&) const = default;
};

struct ShardRule {
  std::string name;
  ShardMatch match;
  Identity identity{};                                  // with it match.listen_ports is required
  Room room{};                                          // with it identity is required
  Classes classes{};                                    // same
  ClientProtocol protocol = ClientProtocol::websocket;  // same for any other
  std::vector<Publish> publishes{};                     // same
  std::optional<Replication> replication{};
  bool expected = false;  // its absence is an alert
  // A copy that leaves so long after its event came due is late: FanfareLag.
  std::uint32_t late_seconds = 5;
  bool operator==(const ShardRule&) const = default;
};

// The API server that names the pods of this node.
struct Kubernetes {
  std::string api = "auto";   // "auto": that of the cluster this runs in; "off"; else a base URL
  std::string node = "auto";  // its name in the cluster; "auto": $NODE_NAME, else Config::node
  std::string token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  std::string ca_file = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
  bool operator==(const Kubernetes&) const = default;
};

struct Config {
  std::string node = "auto";  // "auto": the host's name
  std::string cluster = "default";
  std::string cgroup = "auto";  // "auto": the host's cgroup v2 root; else a path, may be a subtree
  std::string listen = "127.0.0.1:9477";
  std::string admin = "/run/fanfare/admin.sock";
  Limits limits;
  std::vector<ShardRule> shards;
  Kubernetes kubernetes{};
  std::vector<std::string> alertmanagers{};  // base URLs: "http://127.0.0.1:9093"
  bool operator==(const Config&) const = default;
};

}  // namespace fanfare
