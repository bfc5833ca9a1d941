// SPDX-License-Identifier: Apache-2.0
// config_schema(): the table of keys as JSON Schema. What is not available yet stays listed, with
// "not": {}, so that an editor marks it instead of calling it unknown.
#include <boost/json.hpp>

#include "agent/config/config_keys.h"
#include "agent/config/config_text.h"

namespace fanfare {
namespace {

namespace json = boost::json;

json::object members_of(std::span<const Key> keys, std::size_t least_keys);

json::object number_of(const NumberRule& rule) {
  return {{"type", "integer"}, {"minimum", rule.least}, {"maximum", rule.most}};
}

json::object text_of(const TextRule& rule) {
  return {{"type", "string"}, {"pattern", rule.pattern}};
}

// An empty section or list may be left as `key:` in the file, which is null.
json::array or_null(std::string_view type) { return {json::string(type), "null"}; }

struct SchemaOf {
  json::object operator()(const Text& text) const { return text_of(*text.rule); }
  json::object operator()(const Number& number) const { return number_of(*number.rule); }
  json::object operator()(const NumberList& list) const {
    return {{"type", "array"},
            {"items", number_of(*list.rule)},
            {"minItems", 1},
            {"maxItems", list.most_items},
            {"uniqueItems", true}};
  }
  json::object operator()(const TextList& list) const {
    json::object schema{{"type", "array"},
                        {"items", text_of(*list.rule)},
                        {"maxItems", list.most_items},
                        {"uniqueItems", true}};
    if (list.least_items == 0)
      schema["type"] = or_null("array");
    else
      schema["minItems"] = list.least_items;
    return schema;
  }
  json::object operator()(const TextMap& map) const {
    json::object schema{{"type", or_null("object")},
                        {"propertyNames", {{"pattern", map.key_rule->pattern}}},
                        {"additionalProperties", text_of(*map.value_rule)},
                        {"maxProperties", map.most_items}};
    if (map.least_items == 0) return schema;
    schema["type"] = "object";
    schema["minProperties"] = map.least_items;
    return schema;
  }
  json::object operator()(const WordOrSection& either) const {
    return {{"oneOf", {(*this)(Choice{.available = either.words}), (*this)(either.section)}}};
  }
  json::object operator()(const Section& section) const {
    return members_of(section.keys, section.least_keys);
  }
  json::object operator()(const SectionList& list) const {
    return {{"type", or_null("array")},
            {"items", members_of(list.keys, 0)},
            {"maxItems", list.most_items}};
  }
  json::object operator()(const Choice& choice) const {
    json::array values;
    for (const std::string_view value : choice.available) values.emplace_back(value);
    return {{"enum", std::move(values)}};
  }
  json::object operator()(const Flag&) const { return {{"type", "boolean"}}; }
};

std::string description_of(const Key& key) {
  std::string text(key.help);
  if (const auto* value = std::get_if<Text>(&key.kind))
    text += "; allowed: " + std::string(value->rule->allowed);
  if (const auto* list = std::get_if<TextList>(&key.kind))
    text += "; allowed: " + std::string(list->rule->allowed);
  if (const auto* map = std::get_if<TextMap>(&key.kind))
    text += "; keys: " + std::string(map->key_rule->allowed);
  return text;
}

json::object members_of(std::span<const Key> keys, std::size_t least_keys) {
  json::object properties;
  json::array required;
  for (const Key& key : keys) {
    json::object value = std::visit(SchemaOf{}, key.kind);
    value["description"] = description_of(key);
    properties[key.name] = std::move(value);
    if (key.presence == Presence::required) required.emplace_back(key.name);
  }
  json::object schema{{"type", "object"}, {"additionalProperties", false}};
  // A section that demands nothing may be empty, and an empty section is null in YAML.
  if (least_keys == 0 && required.empty()) schema["type"] = or_null("object");
  if (least_keys > 0) schema["minProperties"] = least_keys;
  if (!required.empty()) schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  return schema;
}

}  // namespace

std::string config_schema() {
  json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "fanfare configuration"}};
  for (auto& [name, value] : members_of(config_keys(), 0)) schema[name] = value;
  return json::serialize(schema) + "\n";
}

}  // namespace fanfare
