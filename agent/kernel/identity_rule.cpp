// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/identity_rule.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "agent/config/start_error.h"

namespace fanfare {
namespace {

constexpr std::size_t key_max = 32;  // bytes; shorter than a rule's pattern

// `name` is the configuration's, after "clients.".
fanfare_identity_rule by_json_key(const std::string& key, std::uint32_t shard,
                                  const std::string& name) {
  if (key.empty() || key.size() > key_max)
    throw StartError(
        "the json_key of clients." + name + " has 1 to 32 bytes, not " + std::to_string(key.size()),
        "set a shorter key", exit_usage);
  fanfare_identity_rule rule{};
  const std::string pattern = '"' + key + '"';
  rule.shard = shard;
  rule.kind = FANFARE_IDENTITY_BY_JSON_KEY;
  rule.pattern_bytes = static_cast<std::uint8_t>(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i)
    std::memcpy(&rule.pattern[i], pattern.data() + i, std::min<std::size_t>(8, pattern.size() - i));
  return rule;
}

}  // namespace

fanfare_identity_rule identity_rule(const Identity& identity, std::uint32_t shard) {
  if (identity.kind == Identity::Kind::json_key)
    return by_json_key(identity.key, shard, "identity");
  fanfare_identity_rule rule{};
  rule.shard = shard;
  rule.kind = FANFARE_IDENTITY_BY_PAYLOAD;
  return rule;
}

fanfare_identity_rule room_rule(const Room& room, std::uint32_t shard) {
  if (room.kind == Room::Kind::none) return {};
  return by_json_key(room.key, shard, "room");
}

}  // namespace fanfare
