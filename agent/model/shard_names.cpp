// SPDX-License-Identifier: Apache-2.0
#include "agent/model/shard_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/config/config_rules.h"

namespace fanfare {
namespace {

bool is_below(const std::string& path, const std::string& ancestor) {
  if (ancestor == "/" || path == ancestor) return true;
  return path.starts_with(ancestor) && path[ancestor.size()] == '/';
}

bool holds(const ShardMatch& match, std::uint16_t port, const std::string& cgroup_path,
           const std::string& exe, const Pod* pod) {
  return holds_but_for_pod(match, port, cgroup_path, exe) &&
         (match.pod_labels.empty() || (pod && has_labels(*pod, match.pod_labels)));
}

// Of a socket's own process; of the listener where the socket was accepted.
std::optional<std::string> exe_of(const Owners& owners, std::uint64_t cookie,
                                  const fanfare_flow& flow) {
  const auto holder = owners.by_cookie.find(cookie);
  if (holder != owners.by_cookie.end() && !holder->second.exe.empty()) return holder->second.exe;
  if (flow.dialled) return std::nullopt;
  const Owner* listener = listener_at(owners, {flow.netns, flow.local_port});
  if (!listener || listener->exe.empty()) return std::nullopt;
  return listener->exe;
}

constexpr std::size_t longest_name = 64;  // bytes, without port and suffix

std::string bounded(std::string name) {
  if (name.size() > longest_name) name.resize(longest_name);
  return name;
}

std::string label_of(const Pod& pod) {
  for (const char* key : {"app.kubernetes.io/name", "app"})
    if (const auto label = pod.labels.find(key);
        label != pod.labels.end() && !label->second.empty())
      return label->second;
  return {};
}

// "chat" of "chat.service"; a session of a user's is none, nor is that of the user's manager.
std::string service_of(const std::string& unit) {
  constexpr std::string_view suffix = ".service";
  if (!unit.ends_with(suffix) || unit.starts_with("user@")) return {};
  return unit.substr(0, unit.size() - suffix.size());
}

// That somebody has given to the server; empty where nobody has.
std::string given_name(const ListenerFacts& facts) {
  if (facts.pod)
    if (auto label = label_of(*facts.pod); !label.empty()) return label;
  if (facts.pod || facts.place.runtime == "lxc")
    if (auto container =
            facts.pod ? container_name(*facts.pod, facts.place) : facts.place.container;
        !container.empty())
      return container;
  if (!facts.place.container.empty() || !facts.place.pod_uid.empty()) return {};
  return service_of(facts.place.unit);
}

// Units that systemd makes for the occasion say nothing of what runs in them.
std::string place_suffix(const ListenerFacts& facts, const std::string& path) {
  if (!facts.place.container.empty()) return "@" + container_text(facts);
  const auto leaf = path.substr(path.rfind('/') + 1);
  if (leaf.empty() || leaf.ends_with(".scope") || leaf.ends_with(".slice") ||
      leaf.ends_with(".service"))
    return "";
  return "@" + bounded(leaf);
}

bool has_port(const ShardRule& rule, const fanfare_flow& flow) {
  if (!rule.replication) return false;
  const auto& ports = rule.replication->ports;
  return std::binary_search(ports.begin(), ports.end(),
                            flow.dialled ? flow.remote_port : flow.local_port);
}

}  // namespace

const Owner* listener_at(const Owners& owners, const ListenerKey& key) {
  if (const auto found = owners.listeners.find(key); found != owners.listeners.end())
    return &found->second;
  const auto ended = owners.ended.find(key);
  return ended == owners.ended.end() ? nullptr : &ended->second;
}

bool holds_but_for_pod(const ShardMatch& match, std::uint16_t port, const std::string& cgroup_path,
                       const std::string& exe) {
  const auto& ports = match.listen_ports;
  return (ports.empty() || std::find(ports.begin(), ports.end(), port) != ports.end()) &&
         (match.cgroup.empty() || is_below(cgroup_path, match.cgroup)) &&
         (match.exe.empty() || match.exe == exe);
}

const ShardRule* matching_rule(const std::vector<ShardRule>& rules, std::uint16_t port,
                               const std::string& cgroup_path, const std::string& exe,
                               const Pod* pod) {
  const ShardRule* best = nullptr;
  for (const auto& rule : rules)
    if (holds(rule.match, port, cgroup_path, exe, pod) &&
        (!best || is_stricter(rule.match, best->match)))
      best = &rule;
  return best;
}

bool is_agents_own(const ListenerFacts& facts) { return facts.comm == "fanfare"; }

std::string container_text(const ListenerFacts& facts) {
  constexpr std::size_t shown_digits = 12;
  const auto named = facts.pod ? container_name(*facts.pod, facts.place) : std::string();
  if (!named.empty() || facts.place.runtime == "lxc")
    return named.empty() ? facts.place.container : named;
  return facts.place.container.substr(0, shown_digits);
}

bool needs_pods(const std::vector<ShardRule>& rules) {
  return std::ranges::any_of(rules,
                             [](const ShardRule& rule) { return !rule.match.pod_labels.empty(); });
}

ListenerFacts listener_facts(const Owners& owners, const PodTable& pods, const Owner* listener,
                             std::uint64_t cgroup_id) {
  ListenerFacts facts;
  if (listener) {
    facts.comm = listener->comm;
    facts.exe = listener->exe;
    facts.program = listener->program;
    facts.certain = listener->certain;
  }
  const auto cgroup = owners.cgroup_paths.find(cgroup_id);
  if (cgroup != owners.cgroup_paths.end()) facts.cgroup_path = cgroup->second;
  facts.place = cgroup_name(facts.cgroup_path.value_or(""));
  if (facts.place.container.empty() && facts.place.pod_uid.empty() && listener &&
      !listener->v1_path.empty())
    facts.place = cgroup_name(listener->v1_path);
  facts.pod = pods.find(facts.place);
  facts.awaits_pod = !facts.pod && !facts.place.pod_uid.empty();
  return facts;
}

ListenerFacts listener_facts(const Owners& owners, const PodTable& pods, std::uint64_t cookie,
                             const fanfare_flow& flow) {
  const Owner* listener = listener_at(owners, {flow.netns, flow.local_port});
  auto facts = listener_facts(owners, pods, listener, flow.cgroup_id);
  if (listener) return facts;
  const auto holder = owners.by_cookie.find(cookie);
  if (holder != owners.by_cookie.end()) facts.comm = holder->second.comm;
  return facts;
}

ReplicationRule replication_rule(const std::vector<ShardRule>& rules, const Owners& owners,
                                 const PodTable& pods, std::uint64_t cookie,
                                 const fanfare_flow& flow) {
  ReplicationRule found;
  std::optional<std::string> exe;
  std::optional<ListenerFacts> facts;
  const auto path = owners.cgroup_paths.find(flow.cgroup_id);
  const bool path_known = path != owners.cgroup_paths.end();
  for (const auto& rule : rules) {
    if (!has_port(rule, flow)) continue;
    const ShardMatch& match = rule.match;
    if (!match.exe.empty() && !exe) exe = exe_of(owners, cookie, flow);
    if (path_known && !match.cgroup.empty() && !is_below(path->second, match.cgroup)) continue;
    if (exe && !match.exe.empty() && match.exe != *exe) continue;
    if (!match.pod_labels.empty() && !facts) facts = listener_facts(owners, pods, cookie, flow);
    const bool pod_known = facts && path_known && !facts->awaits_pod;
    if (pod_known && !match.pod_labels.empty() &&
        !(facts->pod && has_labels(*facts->pod, match.pod_labels)))
      continue;
    if ((!path_known && !match.cgroup.empty()) || (!exe && !match.exe.empty()) ||
        (!pod_known && !match.pod_labels.empty()))
      found.certain = false;
    if (!found.rule || is_stricter(replication_match(rule), replication_match(*found.rule)))
      found.rule = &rule;
  }
  return found;
}

std::string address_text(std::span<const std::uint8_t, 16> address) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool is_v4 = std::memcmp(address.data(), mapped.data(), mapped.size()) == 0;
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(is_v4 ? AF_INET : AF_INET6, address.data() + (is_v4 ? mapped.size() : 0),
                     text.data(), text.size());
}

std::string peer_name(const Replication& replication, const fanfare_flow& flow) {
  const auto& peers = replication.peers;
  const std::string address = address_text(flow.remote);
  const bool is_v6 = address.find(':') != std::string::npos;
  const std::string with_port = (is_v6 ? "[" + address + "]" : address) + ":";
  if (flow.dialled)
    if (const auto named = peers.find(with_port + std::to_string(flow.remote_port));
        named != peers.end())
      return named->second;
  if (const auto named = peers.find(address); named != peers.end()) return named->second;
  const auto first = peers.lower_bound(with_port);
  const bool found = first != peers.end() && first->first.starts_with(with_port);
  const bool only =
      found && (std::next(first) == peers.end() || !std::next(first)->first.starts_with(with_port));
  return only && !flow.dialled ? first->second : "";
}

std::string shard_name(const std::vector<ShardRule>& rules, const ListenerFacts& facts,
                       std::uint16_t port) {
  const std::string path = facts.cgroup_path.value_or("");
  if (is_agents_own(facts)) return selftest_shard;
  if (const auto* rule = matching_rule(rules, port, path, facts.exe, facts.pod)) return rule->name;
  const auto name = given_name(facts);
  const std::string& server = !name.empty()            ? name
                              : !facts.program.empty() ? facts.program
                                                       : facts.comm.value_or("unknown");
  return bounded(server) + ":" + std::to_string(port) +
         (name.empty() ? place_suffix(facts, path) : "");
}

}  // namespace fanfare
