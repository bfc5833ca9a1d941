// SPDX-License-Identifier: Apache-2.0
// What a single value may be: one rule for the file's key and for the command line's flag, so that
// both refuse alike. Knows neither keys nor lines.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/config/config.h"

namespace fanfare {

struct TextRule {
  std::string_view what;     // "a host name": ends the sentence "'x' is not ..."
  std::string_view allowed;  // the whole truth, for the operator
  std::string_view pattern;  // for editors; wider than holds(), never narrower
  bool (*holds)(std::string_view) = nullptr;
  // How a refusal repeats the value; nullptr: as it is.
  std::string (*shown)(std::string_view) = nullptr;
};

struct NumberRule {
  std::string_view what;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
};

extern const TextRule node_rule;
extern const TextRule cluster_rule;
extern const TextRule cgroup_rule;
extern const TextRule listen_rule;
extern const TextRule admin_rule;
extern const TextRule shard_name_rule;
extern const TextRule match_cgroup_rule;
extern const TextRule match_exe_rule;
extern const TextRule json_key_rule;
extern const TextRule class_value_rule;
extern const TextRule class_prefix_rule;
extern const TextRule publish_path_rule;
extern const TextRule peer_address_rule;
extern const TextRule peer_name_rule;
extern const TextRule alertmanager_rule;
extern const TextRule label_key_rule;
extern const TextRule label_value_rule;
extern const TextRule kubernetes_api_rule;
extern const TextRule file_rule;
extern const NumberRule sockets_rule;
extern const NumberRule shards_rule;
extern const NumberRule identities_rule;
extern const NumberRule shard_idle_rule;
extern const NumberRule late_rule;
extern const NumberRule port_rule;

// The names of `clients.events`, without those that a mapping stands for.
std::span<const std::string_view> subprotocol_names();
std::string_view name_of(Subprotocol protocol);
Subprotocol subprotocol_named(std::string_view name);

// As on the wire: "POST".
std::span<const std::string_view> publish_methods();
std::string_view name_of(Publish::Method method);
Publish::Method publish_method_named(std::string_view name);  // of a known name

// As in the configuration: "hashicorp-raft".
std::string_view name_of(ClientProtocol protocol);
ClientProtocol client_protocol_named(std::string_view name);  // of a known name; auto: websocket
std::string_view name_of(ReplicationProtocol protocol);

// Why the value is refused, with what is allowed; nothing when it is fine.
std::optional<std::string> complaint(const TextRule& rule, std::string_view value);

// The number that a plain scalar spells: decimal, without sign or leading zero, within the rule.
std::optional<std::uint32_t> number_in(const NumberRule& rule, std::string_view value);

// "1..65535"
std::string allowed(const NumberRule& rule);

struct ListenAddress {
  std::string host;  // IPv4 or IPv6, without brackets
  std::uint16_t port = 0;
};

// ADDR:PORT or [IPv6]:PORT; names are not resolved. Port 0 lets the kernel choose.
std::optional<ListenAddress> parse_listen(std::string_view value);

// ADDR, ADDR:PORT or [IPv6]:PORT in the one spelling of inet_ntop(3); an IPv4 address that is
// mapped into IPv6 as IPv4. Empty where the text is none of these.
std::string spelled_peer_address(std::string_view value);

// The URL with `***` for its password. Precondition: alertmanager_rule holds.
std::string without_password(const std::string& url);

}  // namespace fanfare
