// SPDX-License-Identifier: Apache-2.0
// YAML text to a plain tree that remembers its lines. Bounds what a hostile file can cost: size,
// nesting, characters; one document; no aliases, no tags. Does not know which keys exist.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

inline constexpr std::size_t largest_config_bytes = 1048576;

struct YamlNode {
  enum class Kind { nothing, scalar, list, mapping };
  enum class Style { plain, quoted };  // of a scalar: 80 is a number, "80" is text

  Kind kind = Kind::nothing;
  Style style = Style::plain;
  int line = 1;
  std::string text;                // of a scalar
  std::string key;                 // of a mapping's member
  int key_line = 1;                // of a mapping's member
  std::vector<YamlNode> children;  // items of a list, members of a mapping, in the file's order
};

// The root; Kind::nothing when the file holds no document. Throws ConfigError.
YamlNode read_yaml(std::string_view text, std::string_view file_name);

// The member with that key, or nullptr.
const YamlNode* find_member(const YamlNode& mapping, std::string_view key);

// "a list", "a mapping", "text", "nothing": for messages.
std::string_view name_of(YamlNode::Kind kind);

}  // namespace fanfare
