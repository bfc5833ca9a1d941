// SPDX-License-Identifier: Apache-2.0
// From a file to a Config: read, walk along the table of keys, check what spans several keys.
#include "agent/config/config_file.h"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

#include "agent/config/config_keys.h"
#include "agent/config/config_rules.h"
#include "agent/config/value_reader.h"
#include "agent/config/yaml_reader.h"

namespace fanfare {
namespace {

// Where a member of a member is, or where its nearest ancestor that is given begins.
int line_of(const YamlNode& shard, std::string_view section, std::string_view key) {
  const YamlNode* outer = find_member(shard, section);
  if (outer == nullptr) return shard.line;
  const YamlNode* inner = find_member(*outer, key);
  return inner == nullptr ? outer->key_line : inner->key_line;
}

std::vector<ShardLines> lines_of_shards(const YamlNode& root) {
  std::vector<ShardLines> lines;
  if (const YamlNode* shards = find_member(root, "shards"))
    for (const YamlNode& shard : shards->children)
      lines.push_back({.shard = shard.line,
                       .protocol = line_of(shard, "clients", "protocol"),
                       .publishes = line_of(shard, "clients", "publishes"),
                       .identity = line_of(shard, "clients", "identity"),
                       .room = line_of(shard, "clients", "room"),
                       .events = line_of(shard, "clients", "events"),
                       .heartbeats = line_of(shard, "clients", "heartbeats"),
                       .replication_ports = line_of(shard, "replication", "ports")});
  return lines;
}

}  // namespace

Config parse_config(std::string_view yaml, std::string_view file_name) {
  const YamlNode root = read_yaml(yaml, file_name);
  Config config;
  read_section(config, root, {std::string(file_name), root.line, ""}, config_keys());
  check_shards(config, lines_of_shards(root), file_name);
  return config;
}

Config load_config_file(const std::string& path) {
  const auto fail = [&]() {
    refuse({.file = path, .line = 0, .key = {}},
           "cannot be read: " + std::generic_category().message(errno) +
               "; allowed: a readable YAML file");
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) fail();
  // One byte more than allowed, so that endless files end here too.
  std::string text(largest_config_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) fail();
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_config(text, path);
}

}  // namespace fanfare
