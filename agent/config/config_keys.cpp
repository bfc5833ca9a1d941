// SPDX-License-Identifier: Apache-2.0
// The table, from the leaves to the root. A new key is a line here, a field in config.h and a line
// in config_show().
#include "agent/config/config_keys.h"

namespace fanfare {
namespace {

ShardMatch& match_of(Config& config) { return config.shards.back().match; }
Identity& identity_of(Config& config) { return config.shards.back().identity; }
Room& room_of(Config& config) { return config.shards.back().room; }
std::vector<Publish>& publishes_of(Config& config) { return config.shards.back().publishes; }
Classes& classes_of(Config& config) { return config.shards.back().classes; }

Replication& replication_of(Config& config) {
  auto& replication = config.shards.back().replication;
  return replication ? *replication : replication.emplace();
}

// A list of ports that somebody wrote; ranges beyond this are a mistake.
constexpr std::size_t most_ports = 1024;
// Each pair of shards is compared once when the file is read.
constexpr std::size_t most_shards = 4096;
// Each is a label value of replication metrics.
constexpr std::size_t most_peers = 1024;
// Each gets every alert.
constexpr std::size_t most_alertmanagers = 16;
// Labels that one selects by are few.
constexpr std::size_t most_pod_labels = 16;

const Key limit_keys[] = {
    {"sockets", "flow records in the kernel",
     Number{&sockets_rule, [](Config& c, std::uint32_t v) { c.limits.sockets = v; }}},
    {"shards", "shard labels; the rest is counted under \"other\"",
     Number{&shards_rule, [](Config& c, std::uint32_t v) { c.limits.shards = v; }}},
    {"identities", "events in flight whose identity is kept",
     Number{&identities_rule, [](Config& c, std::uint32_t v) { c.limits.identities = v; }}},
    {"shard_idle_seconds",
     "a shard without a name of its own, and alerts of any, end so long after its last socket",
     Number{&shard_idle_rule, [](Config& c, std::uint32_t v) { c.limits.shard_idle_seconds = v; }}},
};

const Key match_keys[] = {
    {"listen_ports", "the listener has one of these ports",
     NumberList{&port_rule, most_ports,
                [](Config& c, const std::set<std::uint32_t>& v) {
                  match_of(c).listen_ports.assign(v.begin(), v.end());
                }}},
    {"cgroup", "the listener's process is in this cgroup or below it",
     Text{&match_cgroup_rule, [](Config& c, const std::string& v) { match_of(c).cgroup = v; }}},
    {"exe", "the listener's process runs this executable",
     Text{&match_exe_rule, [](Config& c, const std::string& v) { match_of(c).exe = v; }}},
    {"pod_labels", "the listener's pod has all these labels; see kubernetes",
     TextMap{
         &label_key_rule, [](std::string_view key) { return std::string(key); }, &label_value_rule,
         most_pod_labels,
         [](Config& c, const std::map<std::string, std::string>& v) { match_of(c).pod_labels = v; },
         1}},
};

constexpr std::string_view client_protocols[] = {"auto", "websocket", "mqtt", "sse"};
constexpr std::string_view client_identities[] = {"none", "payload"};
constexpr std::string_view client_rooms[] = {"none"};
constexpr std::string_view replication_protocols[] = {"hashicorp-raft"};

const Key identity_keys[] = {
    {"json_key", "the event's identity is the value of this key, at the beginning of the payload",
     Text{&json_key_rule,
          [](Config& c, const std::string& v) {
            identity_of(c) = {Identity::Kind::json_key, v};
          }},
     Presence::required},
};

const Key room_keys[] = {
    {"json_key", "the event's room is the value of this key, at the beginning of the payload",
     Text{&json_key_rule,
          [](Config& c, const std::string& v) {
            room_of(c) = {Room::Kind::json_key, v};
          }},
     Presence::required},
};

// Each is compared with the value in a message.
constexpr std::size_t most_class_values = 16;

const Key event_keys[] = {
    {"prefix", "events begin with this text",
     Text{&class_prefix_rule,
          [](Config& c, const std::string& v) {
            classes_of(c).events = Subprotocol::match;
            classes_of(c).prefix = v;
          }}},
    {"json_key", "events have one of the values in `in` for this key",
     Text{&json_key_rule,
          [](Config& c, const std::string& v) {
            classes_of(c).events = Subprotocol::match;
            classes_of(c).event_key.json_key = v;
          }}},
    {"in", "the values of json_key that events have",
     TextList{&class_value_rule, most_class_values,
              [](Config& c, const std::vector<std::string>& v) {
                classes_of(c).events = Subprotocol::match;
                classes_of(c).event_key.in = v;
              },
              1}},
};

const Key heartbeat_keys[] = {
    {"json_key", "heartbeats have one of the values in `in` for this key",
     Text{&json_key_rule,
          [](Config& c, const std::string& v) { classes_of(c).heartbeats.json_key = v; }},
     Presence::required},
    {"in", "the values of json_key that heartbeats have",
     TextList{&class_value_rule, most_class_values,
              [](Config& c, const std::vector<std::string>& v) { classes_of(c).heartbeats.in = v; },
              1},
     Presence::required},
};

// Each is compared with every request.
constexpr std::size_t most_publishes = 8;

const Key publish_keys[] = {
    {"method", "of the requests",
     Choice{publish_methods(),
            [](Config& c, std::string_view v) {
              publishes_of(c).back().method = publish_method_named(v);
            }},
     Presence::required},
    {"path", "the requests' target begins with it",
     Text{&publish_path_rule,
          [](Config& c, const std::string& v) { publishes_of(c).back().path = v; }},
     Presence::required},
};

const Key client_keys[] = {
    {"protocol", "what the clients' sockets speak; mqtt and sse need match.listen_ports",
     Choice{client_protocols,
            [](Config& c, std::string_view v) {
              c.shards.back().protocol = client_protocol_named(v);
            }}},
    {"publishes",
     "HTTP/1.1 requests by which clients publish, an event each once it is answered 2xx; needs "
     "match.listen_ports",
     SectionList{publish_keys, "a method and a path", most_publishes,
                 [](Config& c) { publishes_of(c).emplace_back(); }}},
    {"events", "which data messages are events; needs match.listen_ports unless all are",
     WordOrSection{
         subprotocol_names(),
         [](Config& c, std::string_view v) { classes_of(c).events = subprotocol_named(v); },
         Section{.keys = event_keys, .least_keys = 1}}},
    {"heartbeats", "which data messages are heartbeats; needs match.listen_ports",
     Section{.keys = heartbeat_keys}},
    {"identity", "what tells one event from another; needs match.listen_ports",
     WordOrSection{client_identities,
                   [](Config& c, std::string_view v) {
                     identity_of(c).kind =
                         v == "payload" ? Identity::Kind::payload : Identity::Kind::none;
                   },
                   Section{.keys = identity_keys}}},
    {"room", "what tells whom an event is for; needs identity",
     WordOrSection{client_rooms,
                   [](Config& c, std::string_view) { room_of(c).kind = Room::Kind::none; },
                   Section{.keys = room_keys}}},
};

const Key replication_keys[] = {
    {"protocol", "what the nodes speak to each other", Choice{.available = replication_protocols},
     Presence::required},
    {"ports", "the ports on which the nodes listen for each other",
     NumberList{&port_rule, most_ports,
                [](Config& c, const std::set<std::uint32_t>& v) {
                  replication_of(c).ports.assign(v.begin(), v.end());
                }},
     Presence::required},
    {"peers", "the nodes' names by address; others are shown by their address",
     TextMap{&peer_address_rule, spelled_peer_address, &peer_name_rule, most_peers,
             [](Config& c, const std::map<std::string, std::string>& v) {
               replication_of(c).peers = v;
             }}},
};

const Key shard_keys[] = {
    {"name", "the label that its metrics carry",
     Text{&shard_name_rule, [](Config& c, const std::string& v) { c.shards.back().name = v; }},
     Presence::required},
    {"match", "which listeners belong to it: all given conditions must hold",
     Section{.keys = match_keys, .least_keys = 1}, Presence::required},
    {"expected",
     "its absence is an alert: on this host, with pod_labels where such a pod is placed",
     Flag{[](Config& c, bool v) { c.shards.back().expected = v; }}},
    {"late_seconds", "an event is late whose first copy leaves so long after it came due",
     Number{&late_rule, [](Config& c, std::uint32_t v) { c.shards.back().late_seconds = v; }}},
    {"clients", "how its clients are read", Section{.keys = client_keys}},
    {"replication", "how its nodes replicate to each other", Section{.keys = replication_keys}},
};

const Key kubernetes_keys[] = {
    {"api", "the API server that names this node's pods; auto: that of the cluster",
     Text{&kubernetes_api_rule, [](Config& c, const std::string& v) { c.kubernetes.api = v; }}},
    {"node", "this node's name in the cluster; auto: $NODE_NAME, else the agent's node",
     Text{&node_rule, [](Config& c, const std::string& v) { c.kubernetes.node = v; }}},
    {"token_file", "of the service account; read for each request",
     Text{&file_rule, [](Config& c, const std::string& v) { c.kubernetes.token_file = v; }}},
    {"ca_file", "certificates of who vouches for the API server",
     Text{&file_rule, [](Config& c, const std::string& v) { c.kubernetes.ca_file = v; }}},
};

const Key root_keys[] = {
    {"node", "this host's name; auto asks the host",
     Text{&node_rule, [](Config& c, const std::string& v) { c.node = v; }}},
    {"cluster", "the cluster's name in metrics",
     Text{&cluster_rule, [](Config& c, const std::string& v) { c.cluster = v; }}},
    {"cgroup", "the part of the host that is watched; auto is the cgroup v2 root",
     Text{&cgroup_rule, [](Config& c, const std::string& v) { c.cgroup = v; }}},
    {"listen", "address of metrics and probes",
     Text{&listen_rule, [](Config& c, const std::string& v) { c.listen = v; }}},
    {"admin", "path of the admin socket",
     Text{&admin_rule, [](Config& c, const std::string& v) { c.admin = v; }}},
    {"limits", "what may grow, and how far", Section{.keys = limit_keys}},
    {"shards", "listeners with a name of their own; others are named after their process",
     SectionList{shard_keys, "a shard", most_shards, [](Config& c) { c.shards.emplace_back(); }}},
    {"kubernetes", "who names the pods of this node", Section{.keys = kubernetes_keys}},
    {"alertmanagers", "base URLs of the Alertmanagers; each gets every alert",
     TextList{&alertmanager_rule, most_alertmanagers,
              [](Config& c, const std::vector<std::string>& v) { c.alertmanagers = v; }}},
};

}  // namespace

std::span<const Key> config_keys() { return root_keys; }

}  // namespace fanfare
