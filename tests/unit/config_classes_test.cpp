// SPDX-License-Identifier: Apache-2.0
// clients.events and clients.heartbeats: what is accepted and how it is shown, what is refused,
// word for word.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/config/config_file.h"
#include "agent/config/config_text.h"
#include "agent/config/config_values.h"
#include "agent/config/text.h"

namespace fanfare {
namespace {

std::string clients(const std::string& keys, const std::string& match = "listen_ports: [80]") {
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

Classes classes_of(const std::string& keys) {
  const Config config = parse_config(clients(keys), "f");
  EXPECT_EQ(parse_config(config_show(config), "shown"), config) << config_show(config);
  return config.shards.at(0).classes;
}

const KeyValues types{"type", {"message.new", "7"}};
const KeyValues checks{"type", {"health.check"}};

TEST(ConfigClasses, AreRead) {
  EXPECT_EQ(classes_of("events: all"), Classes{});
  for (const auto name : subprotocol_names())
    EXPECT_EQ(classes_of("events: " + std::string(name)).events, subprotocol_named(name));
  EXPECT_EQ(classes_of("events: {prefix: '42'}"), (Classes{Subprotocol::match, "42", {}, {}}));
  EXPECT_EQ(classes_of("events: {json_key: type, in: [message.new, 7]}"),
            (Classes{Subprotocol::match, "", types, {}}));
  EXPECT_EQ(classes_of("events: {json_key: type, in: [message.new, 7]}, "
                       "heartbeats: {json_key: type, in: [health.check]}"),
            (Classes{Subprotocol::match, "", types, checks}));
  EXPECT_EQ(classes_of("heartbeats: {json_key: type, in: [health.check]}"),
            (Classes{Subprotocol::all, "", {}, checks}));
}

struct Refusal {
  std::string yaml, text;
};

const std::string events = "f:4: shards[0].clients.events";
const std::string heartbeats = "f:4: shards[0].clients.heartbeats";
const std::string no_ports =
    ": classes are told by port, and this shard has no match.listen_ports; allowed: events: all "
    "without heartbeats, or listen_ports beside it";
const std::string value_rule =
    " is not a value of a JSON key; allowed: 1..64 bytes of printable text without '\"' and '\\'";

std::vector<Refusal> refusals() {
  return {
      {clients("events: socketi"),
       events + ": 'socketi' is not known (did you mean 'socketio'?); allowed: " +
           joined(subprotocol_names()) + ", or a mapping with prefix, json_key, in"},
      {clients("events: {}"), events + ": empty; allowed: at least 1 of prefix, json_key, in"},
      {clients("events: {json_key: type}"),
       events +
           ": json_key without in; allowed: both, such as {json_key: type, in: [message.new]}"},
      {clients("events: {in: [a]}"),
       events +
           ": in without json_key; allowed: both, such as {json_key: type, in: [message.new]}"},
      {clients("events: {prefix: a, json_key: b, in: [c]}"),
       events + ": prefix stands beside json_key; allowed: one of them"},
      {clients("events: {json_key: a, in: []}"), events + ".in: 0 entries; allowed: 1..16 entries"},
      {clients("events: {json_key: a, in: [b, b]}"),
       events + ".in[1]: given twice; allowed: each once"},
      {clients("events: {json_key: a, in: ['\"']}"), events + ".in[0]: '\"'" + value_rule},
      {clients("events: {prefix: ''}"),
       events + ".prefix: '' is not a prefix; allowed: 1..32 bytes of printable text"},
      {clients("heartbeats: ping"), heartbeats + ": found a single value; allowed: a mapping"},
      {clients("heartbeats: {json_key: type}"),
       heartbeats + ": in is missing; it is required here"},
      {clients("events: socketio, heartbeats: {json_key: t, in: [p]}"),
       heartbeats + ": socketio has heartbeats of its own; allowed: leave heartbeats out"},
      {clients("events: {json_key: a, in: [b]}, heartbeats: {json_key: c, in: [d]}"),
       heartbeats + ": the key is 'c', and that of events is 'a'; allowed: the same json_key"},
      {clients("events: {json_key: a, in: [b]}, heartbeats: {json_key: a, in: [b]}"),
       heartbeats + ": 'b' is also in events.in; allowed: in one of them"},
      {clients("events: nats, identity: payload"),
       "f:4: shards[0].clients.identity: a message of WebSocket may hold several events of nats, "
       "so they have no identity; allowed: identity: none"},
      {clients("events: socketio", "exe: /a"), events + no_ports},
      {clients("heartbeats: {json_key: a, in: [b]}", "exe: /a"), heartbeats + no_ports},
  };
}

TEST(ConfigClasses, RefusalsSayWhereWhatAndWhatIsAllowed) {
  for (const auto& bad : refusals()) EXPECT_EQ(refusal(bad.yaml), bad.text) << bad.yaml;
}

TEST(ConfigClasses, PortsOfTheirOwn) {
  const std::string first = "shards:\n  - {name: a, match: {listen_ports: [80]}}\n";
  const std::string second = "  - name: b\n    match: {listen_ports: [80], exe: /b}\n";
  EXPECT_EQ(refusal(first + second), "accepted");
  EXPECT_EQ(refusal(first + second + "    clients: {events: socketio}\n"),
            "f:5: shards[1].clients.events: classes are told by port, and 80 is also one of "
            "match.listen_ports of 'a', shards[0] (line 2); allowed: ports of its own, or events: "
            "all without heartbeats for both");
}

}  // namespace
}  // namespace fanfare
