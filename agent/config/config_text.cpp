// SPDX-License-Identifier: Apache-2.0
// config_show(): YAML by hand, because the order and the comments of the contract are ours.
#include "agent/config/config_text.h"

#include <array>
#include <cctype>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/config/config_values.h"

namespace fanfare {
namespace {

// Words and paths that no YAML reader takes for anything else than text.
bool reads_as_text(std::string_view value) {
  constexpr std::array<std::string_view, 9> not_text{"null", "true", "false", "yes", "no",
                                                     "on",   "off",  "y",     "n"};
  if (value.empty()) return false;
  std::string lower;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool safe =
        byte < 0x80 && (std::isalnum(byte) != 0 || c == '_' || c == '.' || c == '/' || c == '-');
    if (!safe) return false;
    lower += static_cast<char>(std::tolower(byte));
  }
  const bool begins_well =
      std::isalpha(static_cast<unsigned char>(value.front())) != 0 || value.front() == '/';
  for (const std::string_view word : not_text)
    if (lower == word) return false;
  return begins_well;
}

std::string scalar(std::string_view value) {
  if (reads_as_text(value)) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string list(const std::vector<std::uint16_t>& ports) {
  std::string out;
  for (const std::uint16_t port : ports) {
    if (!out.empty()) out += ", ";
    out += std::to_string(port);
  }
  return "[" + out + "]";
}

std::string show(const KeyValues& key) {
  std::string out = "        json_key: " + scalar(key.json_key) + "\n        in:\n";
  for (const std::string& value : key.in) out += "          - " + scalar(value) + "\n";
  return out;
}

std::string show(const Classes& classes) {
  std::string out;
  if (!classes.prefix.empty())
    out += "      events:\n        prefix: " + scalar(classes.prefix) + "\n";
  else if (classes.events == Subprotocol::match)
    out += "      events:\n" + show(classes.event_key);
  else if (classes.events != Subprotocol::all)
    out += "      events: " + std::string(name_of(classes.events)) + "\n";
  if (!classes.heartbeats.in.empty()) out += "      heartbeats:\n" + show(classes.heartbeats);
  return out;
}

std::string show(ClientProtocol protocol) {
  if (protocol == ClientProtocol::websocket) return "";
  return "      protocol: " + std::string(name_of(protocol)) + "\n";
}

std::string show(const std::vector<Publish>& publishes) {
  std::string out = publishes.empty() ? "" : "      publishes:\n";
  for (const Publish& publish : publishes)
    out += "        - method: " + std::string(name_of(publish.method)) +
           "\n          path: " + scalar(publish.path) + "\n";
  return out;
}

std::string show(const Identity& identity) {
  switch (identity.kind) {
    case Identity::Kind::payload:
      return "      identity: payload\n";
    case Identity::Kind::json_key:
      return "      identity:\n        json_key: " + scalar(identity.key) + "\n";
    case Identity::Kind::none:
      break;
  }
  return "";
}

std::string show(const Room& room) {
  if (room.kind == Room::Kind::none) return "";
  return "      room:\n        json_key: " + scalar(room.key) + "\n";
}

std::string show(const Replication& replication) {
  std::string out = "    replication:\n      protocol: ";
  out += std::string(name_of(replication.protocol)) + "\n";
  out += "      ports: " + list(replication.ports) + "\n";
  if (!replication.peers.empty()) out += "      peers:\n";
  for (const auto& [address, name] : replication.peers)
    out += "        " + scalar(address) + ": " + scalar(name) + "\n";
  return out;
}

std::string show(const ShardRule& shard) {
  std::string out = "  - name: " + scalar(shard.name) + "\n    match:\n";
  const ShardMatch& match = shard.match;
  if (!match.listen_ports.empty()) out += "      listen_ports: " + list(match.listen_ports) + "\n";
  if (!match.cgroup.empty()) out += "      cgroup: " + scalar(match.cgroup) + "\n";
  if (!match.exe.empty()) out += "      exe: " + scalar(match.exe) + "\n";
  if (!match.pod_labels.empty()) out += "      pod_labels:\n";
  for (const auto& [key, value] : match.pod_labels)
    out += "        " + scalar(key) + ": " + scalar(value) + "\n";
  if (shard.expected) out += "    expected: true\n";
  if (shard.late_seconds != ShardRule{}.late_seconds)
    out += "    late_seconds: " + std::to_string(shard.late_seconds) + "\n";
  const std::string clients = show(shard.protocol) + show(shard.publishes) + show(shard.classes) +
                              show(shard.identity) + show(shard.room);
  if (!clients.empty()) out += "    clients:\n" + clients;
  if (shard.replication) out += show(*shard.replication);
  return out;
}

std::string show(const Kubernetes& kubernetes) {
  return "kubernetes:\n  api: " + scalar(kubernetes.api) + "\n  node: " + scalar(kubernetes.node) +
         "\n  token_file: " + scalar(kubernetes.token_file) +
         "\n  ca_file: " + scalar(kubernetes.ca_file) + "\n";
}

std::string show_alertmanagers(const std::vector<std::string>& urls) {
  if (urls.empty()) return "alertmanagers: []\n";
  std::string out = "alertmanagers:\n";
  for (const std::string& url : urls) out += "  - " + scalar(without_password(url)) + "\n";
  return out;
}

}  // namespace

std::string config_show(const Config& config) {
  std::string out;
  out += "node: " + scalar(config.node) + "\n";
  out += "cluster: " + scalar(config.cluster) + "\n";
  out += "cgroup: " + scalar(config.cgroup) + "\n";
  out += "listen: " + scalar(config.listen) + "\n";
  out += "admin: " + scalar(config.admin) + "\n";
  out += "limits:\n";
  out += "  sockets: " + std::to_string(config.limits.sockets) + "\n";
  out += "  shards: " + std::to_string(config.limits.shards) + "\n";
  out += "  identities: " + std::to_string(config.limits.identities) + "\n";
  out += "  shard_idle_seconds: " + std::to_string(config.limits.shard_idle_seconds) + "\n";
  out += config.shards.empty() ? "shards: []\n" : "shards:\n";
  for (const ShardRule& shard : config.shards) out += show(shard);
  return out + show(config.kubernetes) + show_alertmanagers(config.alertmanagers);
}

}  // namespace fanfare
