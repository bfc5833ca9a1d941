// SPDX-License-Identifier: Apache-2.0
// The table of all keys that the configuration knows. The reader walks it to accept and refuse, the
// schema is printed from it; a key that is not in it exists for neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/config_values.h"

namespace fanfare {

struct Key;

// In all store functions, what belongs to a shard goes to the last one of the list so far.
struct Text {
  const TextRule* rule;
  void (*store)(Config&, const std::string&);
};

struct Number {
  const NumberRule* rule;
  void (*store)(Config&, std::uint32_t);
};

// At least one number, none twice; the order tells nothing.
struct NumberList {
  const NumberRule* rule;
  std::size_t most_items;
  void (*store)(Config&, const std::set<std::uint32_t>&);
};

// None twice.
struct TextList {
  const TextRule* rule;
  std::size_t most_items;
  void (*store)(Config&, const std::vector<std::string>&);
  std::size_t least_items = 0;
};

// Keys of the operator's own, each with a text. `spell` gives the one spelling by which keys are
// compared and stored.
struct TextMap {
  const TextRule* key_rule;
  std::string (*spell)(std::string_view);
  const TextRule* value_rule;
  std::size_t most_items;
  void (*store)(Config&, const std::map<std::string, std::string>&);
  std::size_t least_items = 0;
};

struct Section {
  std::span<const Key> keys;
  std::size_t least_keys = 0;
};

// One of the words, or the section.
struct WordOrSection {
  std::span<const std::string_view> words;
  void (*store)(Config&, std::string_view);
  Section section;
};

struct SectionList {
  std::span<const Key> keys;
  std::string_view item;  // "a shard"
  std::size_t most_items;
  void (*begin)(Config&);  // before each item
};

// Known to the contract with more values than work yet.
struct Choice {
  std::span<const std::string_view> available;
  void (*store)(Config&, std::string_view) = nullptr;  // nullptr: nothing to store
};
// true or false.
struct Flag {
  void (*store)(Config&, bool);
};

using KeyKind = std::variant<Text, Number, NumberList, TextList, TextMap, Section, WordOrSection,
                             SectionList, Choice, Flag>;

enum class Presence { optional, required };

struct Key {
  std::string_view name;
  std::string_view help;  // one line for editors
  KeyKind kind;
  Presence presence = Presence::optional;
};

std::span<const Key> config_keys();

inline constexpr std::string_view not_available = "known, but not available in this version";

}  // namespace fanfare
