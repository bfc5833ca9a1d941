// SPDX-License-Identifier: Apache-2.0
// The walk of value_reader.h, one function for each kind of key.
#include "agent/config/value_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "agent/config/text.h"

namespace fanfare {
namespace {

using Kind = YamlNode::Kind;

std::vector<std::string_view> names_of(std::span<const Key> keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  return names;
}

std::string hint(std::string_view guess) {
  return guess.empty() ? "" : " (did you mean '" + std::string(guess) + "'?)";
}

// One node and the way to it; called with the kind of its key.
class ValueReader {
 public:
  ValueReader(Config& config, const YamlNode& node, Place place)
      : config_(config), node_(node), place_(std::move(place)) {}

  void operator()(const Text& text) const { text.store(config_, read_text(*text.rule)); }

  void operator()(const Number& number) const { number.store(config_, read_number(*number.rule)); }

  void operator()(const NumberList& list) const {
    const std::string size = "1.." + std::to_string(list.most_items) + " entries";
    demand(Kind::list, "a list of " + size);
    if (node_.children.empty() || node_.children.size() > list.most_items)
      refuse(place_, std::to_string(node_.children.size()) + " entries; allowed: " + size);
    std::set<std::uint32_t> numbers;
    for (std::size_t i = 0; i < node_.children.size(); ++i) {
      const ValueReader item = at_item(i);
      if (!numbers.insert(item.read_number(*list.rule)).second)
        refuse(item.place_, item.node_.text + " is given twice; allowed: each once");
    }
    list.store(config_, numbers);
  }

  void operator()(const TextList& list) const {
    if (node_.kind == Kind::nothing && list.least_items == 0) return;
    const std::string most = std::to_string(list.most_items) + " entries";
    const std::string size =
        list.least_items == 0 ? "at most " + most : std::to_string(list.least_items) + ".." + most;
    demand(Kind::list, "a list of " + size);
    if (node_.children.size() > list.most_items || node_.children.size() < list.least_items)
      refuse(place_, std::to_string(node_.children.size()) + " entries; allowed: " + size);
    std::vector<std::string> texts;
    std::set<std::string> once;
    for (std::size_t i = 0; i < node_.children.size(); ++i) {
      const ValueReader item = at_item(i);
      texts.push_back(item.read_text(*list.rule));
      const auto shown = list.rule->shown ? list.rule->shown(texts.back()) : texts.back();
      if (!once.insert(shown).second) refuse(item.place_, "given twice; allowed: each once");
    }
    list.store(config_, texts);
  }

  void operator()(const TextMap& map) const {
    if (node_.kind == Kind::nothing && map.least_items == 0) return;
    demand(Kind::mapping, "a mapping of " + std::string(map.key_rule->what) + " to " +
                              std::string(map.value_rule->what));
    if (node_.children.size() > map.most_items)
      refuse(place_, std::to_string(node_.children.size()) + " entries; allowed: at most " +
                         std::to_string(map.most_items));
    if (node_.children.size() < map.least_items)
      refuse(place_, "empty; allowed: at least " + std::to_string(map.least_items) + " entry");
    std::map<std::string, std::string> texts;
    std::map<std::string, int> lines;
    for (const YamlNode& member : node_.children) {
      const Place key{place_.file, member.key_line, path_to(escaped(member.key))};
      if (const auto why_not = complaint(*map.key_rule, member.key)) refuse(key, *why_not);
      const std::string spelled = map.spell(member.key);
      const auto [first, is_new] = lines.emplace(spelled, member.key_line);
      if (!is_new)
        refuse(key, spelled + " is given twice, first on line " + std::to_string(first->second) +
                        "; allowed: once");
      texts[spelled] = at_member(member).read_text(*map.value_rule);
    }
    map.store(config_, texts);
  }

  void operator()(const WordOrSection& either) const {
    if (node_.kind == Kind::mapping) return (*this)(either.section);
    const std::string allowed =
        joined(either.words) + ", or a mapping with " + joined(names_of(either.section.keys));
    demand(Kind::scalar, allowed);
    for (const std::string_view word : either.words)
      if (node_.text == word) return either.store(config_, word);
    refuse(place_, quoted(node_.text) + " is not known" + hint(closest(node_.text, either.words)) +
                       "; allowed: " + allowed);
  }

  void operator()(const Section& section) const {
    if (node_.kind != Kind::nothing) demand(Kind::mapping, "a mapping");
    if (node_.children.size() < section.least_keys)
      refuse(place_, "empty; allowed: at least " + std::to_string(section.least_keys) + " of " +
                         joined(names_of(section.keys)));
    std::map<std::string_view, int> lines;  // of the keys so far
    for (const YamlNode& member : node_.children) {
      const Key& key = key_of(member, section.keys);
      const ValueReader value = at_member(member);
      const auto [first, is_new] = lines.emplace(member.key, member.key_line);
      if (!is_new)
        refuse({place_.file, member.key_line, value.place_.key},
               "given twice, first on line " + std::to_string(first->second) + "; allowed: once");
      std::visit(value, key.kind);
    }
    for (const Key& key : section.keys) {
      if (key.presence == Presence::required && !lines.contains(key.name))
        refuse(place_, std::string(key.name) + " is missing; it is required here");
    }
  }

  void operator()(const SectionList& list) const {
    if (node_.kind == Kind::nothing) return;
    demand(Kind::list, "a list, each entry " + std::string(list.item));
    if (node_.children.size() > list.most_items)
      refuse(place_, std::to_string(node_.children.size()) + " entries; allowed: at most " +
                         std::to_string(list.most_items));
    for (std::size_t i = 0; i < node_.children.size(); ++i) {
      list.begin(config_);
      at_item(i)(Section{.keys = list.keys});
    }
  }

  void operator()(const Choice& choice) const {
    const std::string allowed = "; allowed: " + joined(choice.available);
    if (node_.kind == Kind::mapping)
      refuse(place_, "a mapping: " + std::string(not_available) + allowed);
    demand(Kind::scalar, joined(choice.available));
    for (const std::string_view value : choice.available)
      if (node_.text == value) {
        if (choice.store != nullptr) choice.store(config_, value);
        return;
      }
    const std::string_view guess = closest(node_.text, choice.available);
    if (!guess.empty())
      refuse(place_, quoted(node_.text) + " is not known" + hint(guess) + allowed);
    refuse(place_, quoted(node_.text) + ": " + std::string(not_available) + allowed);
  }

  void operator()(const Flag& flag) const {
    demand(Kind::scalar, "true, false");
    const bool plain = node_.style == YamlNode::Style::plain;
    if (!plain || (node_.text != "true" && node_.text != "false"))
      refuse(place_, quoted(node_.text) + " is neither true nor false; allowed: true, false" +
                         (plain ? "" : ", unquoted"));
    flag.store(config_, node_.text == "true");
  }

 private:
  void demand(Kind kind, const std::string& allowed) const {
    if (node_.kind == kind) return;
    refuse(place_, "found " + std::string(name_of(node_.kind)) + "; allowed: " + allowed);
  }

  const std::string& read_text(const TextRule& rule) const {
    demand(Kind::scalar, std::string(rule.allowed));
    if (const auto why_not = complaint(rule, node_.text)) refuse(place_, *why_not);
    return node_.text;
  }

  std::uint32_t read_number(const NumberRule& rule) const {
    demand(Kind::scalar, allowed(rule));
    if (node_.style == YamlNode::Style::quoted)
      refuse(place_, "'" + escaped(node_.text) + "' is quoted text, not " + std::string(rule.what) +
                         "; allowed: " + allowed(rule) + ", unquoted");
    if (const auto number = number_in(rule, node_.text)) return *number;
    refuse(place_, quoted(node_.text) + " is not " + std::string(rule.what) +
                       "; allowed: " + allowed(rule));
  }

  const Key& key_of(const YamlNode& member, std::span<const Key> keys) const {
    for (const Key& key : keys)
      if (key.name == member.key) return key;
    const auto names = names_of(keys);
    refuse({place_.file, member.key_line, path_to(escaped(member.key))},
           "unknown key" + hint(closest(member.key, names)) + "; allowed: " + joined(names));
  }

  std::string path_to(const std::string& name) const {
    return place_.key.empty() ? name : place_.key + "." + name;
  }

  ValueReader at_member(const YamlNode& member) const {
    return {config_, member, {place_.file, member.line, path_to(member.key)}};
  }

  ValueReader at_item(std::size_t i) const {
    const YamlNode& item = node_.children[i];
    return {config_, item, {place_.file, item.line, place_.key + "[" + std::to_string(i) + "]"}};
  }

  Config& config_;
  const YamlNode& node_;
  Place place_;
};

}  // namespace

void read_section(Config& config, const YamlNode& node, const Place& place,
                  std::span<const Key> keys) {
  ValueReader(config, node, place)(Section{.keys = keys});
}

}  // namespace fanfare
