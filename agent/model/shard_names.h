// SPDX-License-Identifier: Apache-2.0
// Which shard a socket belongs to: by the configuration's rules, else by what a person would call
// its server, see shard_name(). Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

// The strictest rule whose conditions all hold (config_rules.h says why there is just one); nullptr
// where none holds.
// `pod`: that the listener runs in, nullptr where it is in none or in one that is not known.
const ShardRule* matching_rule(const std::vector<ShardRule>& rules, std::uint16_t port,
                               const std::string& cgroup_path, const std::string& exe,
                               const Pod* pod = nullptr);

// As if its pod had the labels that `match` asks for.
bool holds_but_for_pod(const ShardMatch& match, std::uint16_t port, const std::string& cgroup_path,
                       const std::string& exe);

// What is known of the process behind a listener; empty where nobody has seen it.
struct ListenerFacts {
  std::optional<std::string> comm;
  std::string exe;
  std::optional<std::string> cgroup_path;
  CgroupName place{};        // of that path; where it names no container, of the one of v1
  const Pod* pod = nullptr;  // of the table that was given
  bool awaits_pod = false;   // its cgroup is a pod's, and the table does not have it
  std::string program{};     // see Owner
  bool certain = false;      // the listener is known, and nobody opened it for another
};

// `listener`: nullptr where the scan has not seen it. `cgroup_id`: of it or of what it accepted.
ListenerFacts listener_facts(const Owners& owners, const PodTable& pods, const Owner* listener,
                             std::uint64_t cgroup_id);
// Of a socket that it accepted.
ListenerFacts listener_facts(const Owners& owners, const PodTable& pods, std::uint64_t cookie,
                             const fanfare_flow& flow);

// A listener of the agent or of its selftest: of no shard of the configuration.
bool is_agents_own(const ListenerFacts& facts);

// For people: the container's name in its pod; else of lxc, else the beginning of its id; empty
// where there is none.
std::string container_text(const ListenerFacts& facts);

// Who listens, or has lately: what it accepted may live on. nullptr where nobody is known.
const Owner* listener_at(const Owners& owners, const ListenerKey& key);

// Whether some shard is told by the labels of pods.
bool needs_pods(const std::vector<ShardRule>& rules);

// Sockets of the agent's own selftest: of no shard, listed by this name for who asks for it.
inline constexpr const char* selftest_shard = "fanfare-selftest";

// The rule that a socket between two nodes belongs to: the strictest (config_rules.h) of those that
// name its port and whose other conditions hold.
struct ReplicationRule {
  const ShardRule* rule = nullptr;  // nullptr where none holds
  bool certain = true;  // else a condition was taken to hold because its fact is not known yet
};

// Precondition: flow.protocol is one of replication.
ReplicationRule replication_rule(const std::vector<ShardRule>& rules, const Owners& owners,
                                 const PodTable& pods, std::uint64_t cookie,
                                 const fanfare_flow& flow);

// As in fanfare_flow, for people: "10.0.0.2", "fd00::2".
std::string address_text(std::span<const std::uint8_t, 16> address);

// The other end's name by `replication.peers`: by address and port where this end dialled, else by
// address, else by the only entry with that address; empty where it has none.
std::string peer_name(const Replication& replication, const fanfare_flow& flow);

// By the rules; else NAME:PORT, where NAME is
//   in a pod that is known     the value of its label app.kubernetes.io/name or app, else the
//                              container's name
//   in a container with a name that name (lxc)
//   below a systemd service    the service ("chat", "chat@eu")
//   else                       the program ("gunicorn chat:app"), with "@" and, in a container, the
//                              beginning of its id; in a cgroup that somebody else made, its leaf
// A program that is not known goes by its command. The colon tells it from names of rules.
std::string shard_name(const std::vector<ShardRule>& rules, const ListenerFacts& facts,
                       std::uint16_t port);

}  // namespace fanfare
