// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/class_rules.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "agent/config/start_error.h"
#include "bpf/framers/match.h"

namespace fanfare {
namespace {

std::uint8_t protocol_of(Subprotocol protocol) {
  switch (protocol) {
    case Subprotocol::socketio:
      return FANFARE_SOCKETIO;
    case Subprotocol::phoenix:
      return FANFARE_PHOENIX;
    case Subprotocol::sockjs:
      return FANFARE_SOCKJS;
    case Subprotocol::centrifugo:
      return FANFARE_CENTRIFUGO;
    case Subprotocol::centrifugo_protobuf:
      return FANFARE_CENTRIFUGO_PROTOBUF;
    case Subprotocol::xmpp:
      return FANFARE_XMPP;
    case Subprotocol::stomp:
      return FANFARE_STOMP;
    case Subprotocol::nats:
      return FANFARE_NATS;
    case Subprotocol::mqtt:
      return FANFARE_MQTT_IN_WEBSOCKET;
    case Subprotocol::all:
    case Subprotocol::match:
    case Subprotocol::graphql_ws:
      break;
  }
  return FANFARE_MATCH;
}

void set_pattern(std::span<__u64> pattern, const std::string& text) {
  if (text.size() >= pattern.size())
    throw StartError("clients.events or heartbeats has a text of " + std::to_string(text.size()) +
                         " bytes; at most " + std::to_string(pattern.size() - 1) + " may be",
                     "set a shorter one", exit_usage);
  for (std::size_t i = 0; i < text.size(); ++i)
    std::memcpy(&pattern[i], text.data() + i, std::min<std::size_t>(8, text.size() - i));
}

void add_value(fanfare_class_rule& rule, const std::string& value) {
  if (rule.values == FANFARE_CLASS_VALUES_MAX)
    throw StartError("clients.events and heartbeats have too many values in `in`; at most " +
                         std::to_string(FANFARE_CLASS_VALUES_MAX) + " may be",
                     "leave some out", exit_usage);
  std::uint64_t hash = IDENTITY_GOLDEN;
  for (const char c : value) hash = match_hash_byte(hash, static_cast<unsigned char>(c));
  rule.value[rule.values++] = hash;
}

// graphql-transport-ws; of the older protocol of that name `start`, `data` and `ka`. Mutations come
// as subscriptions do.
const Classes& graphql_ws() {
  static const Classes classes{.events = Subprotocol::match,
                               .prefix = {},
                               .event_key = {"type", {"next", "subscribe", "data", "start"}},
                               .heartbeats = {"type", {"ping", "pong", "ka"}}};
  return classes;
}

}  // namespace

fanfare_class_rule class_rule_of(const Classes& classes) {
  if (classes.events == Subprotocol::graphql_ws) return class_rule_of(graphql_ws());
  fanfare_class_rule rule{};
  rule.protocol = protocol_of(classes.events);
  rule.otherwise = classes.events == Subprotocol::all ? FANFARE_EVENT : FANFARE_OTHER;
  rule.prefix_bytes = static_cast<std::uint8_t>(classes.prefix.size());
  set_pattern(rule.prefix, classes.prefix);
  for (const auto& value : classes.event_key.in) add_value(rule, value);
  rule.event_values = rule.values;
  for (const auto& value : classes.heartbeats.in) add_value(rule, value);
  const std::string& key =
      classes.event_key.in.empty() ? classes.heartbeats.json_key : classes.event_key.json_key;
  if (key.empty()) return rule;
  const std::string pattern = '"' + key + '"';
  set_pattern(rule.key, pattern);
  rule.key_bytes = static_cast<std::uint8_t>(pattern.size());
  return rule;
}

}  // namespace fanfare
