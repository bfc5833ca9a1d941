// SPDX-License-Identifier: Apache-2.0
// The configuration as text: what config_show() prints parses to the same Config, and the schema,
// the table and the reader know the same keys.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <regex>
#include <string>
#include <utility>

#include "agent/config/config_file.h"
#include "agent/config/config_text.h"

namespace fanfare {
namespace {

namespace json = boost::json;

std::string refusal(const std::string& yaml) {
  try {
    parse_config(yaml, "f");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ConfigText, WhatIsShownParsesToTheSame) {
  Config config;
  EXPECT_EQ(parse_config(config_show(config), "f"), config);
  config.node = "null";
  config.cluster = "a \"b\\c\": #{\u00e9}";
  config.cgroup = "/sys/fs/cgroup/a b";
  config.listen = "[::]:0";
  config.admin = "/run/x y.sock";
  config.limits = {.sockets = 77, .shards = 7};
  config.limits.identities = 777;
  config.limits.shard_idle_seconds = 77;
  config.shards = {{"123", {{1, 2}, "/c", "/e"}}, {"yes", {{3}, "", ""}}, {"-", {{4}, "", ""}}};
  config.shards[0].identity = {Identity::Kind::payload, ""};
  config.shards[1].identity = {Identity::Kind::json_key, "a: #'"};
  config.shards[1].replication = {.protocol = ReplicationProtocol::hashicorp_raft,
                                  .ports = {7, 8},
                                  .peers = {{"10.0.0.1:7", "null"}, {"fd00::1", "7"}}};
  config.shards[2].protocol = ClientProtocol::mqtt;
  config.shards[2].replication = {
      .protocol = ReplicationProtocol::hashicorp_raft, .ports = {9}, .peers = {}};
  config.shards[2].match.pod_labels = {{"app.kubernetes.io/name", "chat"}, {"no", ""}};
  config.kubernetes = {"http://[::1]:8001/k", "123", "/a b/token", "/ca"};
  config.alertmanagers = {"http://a:1/b", "https://u@[::1]:9093/"};
  EXPECT_EQ(parse_config(config_show(config), "f"), config) << config_show(config);
  EXPECT_NE(config_show(config).find("name: \"123\""), std::string::npos);
}

TEST(ConfigText, PasswordsAreNotShown) {
  Config config;
  config.alertmanagers = {"https://user:secret@a:9093/p", "http://a/@:b@c"};
  const std::string shown = config_show(config);
  EXPECT_EQ(shown.find("secret@"), std::string::npos);
  config.alertmanagers[0] = "https://user:***@a:9093/p";
  EXPECT_EQ(parse_config(shown, "f"), config) << shown;
}

// A value that the schema allows; where it allows none, some text.
json::value sample(const json::object& schema, std::string_view name = "") {
  if (const auto* value = schema.if_contains("const")) return *value;
  if (const auto* values = schema.if_contains("enum")) return values->as_array().at(0);
  // Ports of nodes are none of clients.
  if (name == "ports") return json::array{65535};
  if (const auto* least = schema.if_contains("minimum")) return *least;
  if (const auto* either = schema.if_contains("oneOf"))
    return sample(either->as_array().at(0).as_object());
  if (const auto* pattern = schema.if_contains("pattern"))
    for (const std::string text : {"x", "/x", "1.2.3.4:5", "http://a"})
      if (std::regex_search(text, std::regex(pattern->as_string().c_str())))
        return json::string(text);
  if (const auto* items = schema.if_contains("items"))
    return json::array{sample(items->as_object())};
  if (schema.contains("maxItems")) return json::array{};
  if (const auto* names = schema.if_contains("propertyNames"))
    return json::object{{sample(names->as_object()).as_string(),
                         sample(schema.at("additionalProperties").as_object())}};
  if (const auto* type = schema.if_contains("type"); type && *type == "boolean") return true;
  if (!schema.contains("properties")) return "text";
  const json::object& properties = schema.at("properties").as_object();
  json::object value;
  if (const auto* names = schema.if_contains("required"))
    for (const json::value& required : names->as_array())
      value[required.as_string()] =
          sample(properties.at(required.as_string()).as_object(), required.as_string());
  if (schema.contains("minProperties"))
    value[properties.begin()->key()] = sample(properties.begin()->value().as_object());
  return value;
}

using Wrap = std::function<json::value(json::value)>;

// Tries each key of each section in a file of its own; returns how many keys there are.
int try_keys(const json::object& schema, const Wrap& wrap) {
  EXPECT_EQ(schema.at("additionalProperties"), json::value(false));
  json::object strange = sample(schema).as_object();
  strange["strange"] = 1;
  EXPECT_NE(refusal(json::serialize(wrap(strange))).find("strange: unknown key"),
            std::string::npos);
  int keys = 0;
  for (const auto& [name, value] : schema.at("properties").as_object()) {
    ++keys;
    const std::string key(name);
    const auto with_key = [&](json::value inner) {
      json::object object = sample(schema).as_object();
      object[key] = std::move(inner);
      return wrap(std::move(object));
    };
    const json::object& child = value.as_object();
    const std::string answer = refusal(json::serialize(with_key(sample(child, key))));
    std::string wanted = "accepted";
    // Keys of `events` that exclude each other, which no schema of ours says.
    if (key != "prefix" && sample(schema).as_object().contains("prefix"))
      wanted = "prefix stands beside json_key";
    // Nor that a room needs an identity.
    if (answer.find("clients.room: an event") != std::string::npos)
      wanted = "allowed: room: none, or identity beside it";
    EXPECT_NE(answer.find(wanted), std::string::npos) << key << ": " << answer;
    const auto* items = child.if_contains("items");
    if (child.contains("properties")) keys += try_keys(child, with_key);
    if (const auto* either = child.if_contains("oneOf"))
      keys += try_keys(either->as_array().at(1).as_object(), with_key);
    if (items != nullptr && items->as_object().contains("properties"))
      keys += try_keys(items->as_object(),
                       [&](json::value item) { return with_key(json::array{std::move(item)}); });
  }
  return keys;
}

TEST(ConfigText, SchemaAndReaderKnowTheSameKeys) {
  const json::value schema = json::parse(config_schema());
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(try_keys(schema.as_object(), [](json::value root) { return root; }), 45);
}

}  // namespace
}  // namespace fanfare
