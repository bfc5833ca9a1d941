// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/identity_rule.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "agent/config/start_error.h"

namespace fanfare {
namespace {

constexpr std::size_t key_max = 32;  // bytes; shorter than a rule's pattern

}  // namespace

fanfare_identity_rule identity_rule(const Identity& identity, std::uint32_t shard) {
  fanfare_identity_rule rule{};
  rule.shard = shard;
  rule.kind = FANFARE_IDENTITY_BY_PAYLOAD;
  if (identity.kind == Identity::Kind::payload) return rule;
  if (identity.key.empty() || identity.key.size() > key_max)
    throw StartError(
        "the key of an identity has 1 to 32 bytes, not " + std::to_string(identity.key.size()),
        "set clients.identity.json_key to a shorter key", exit_usage);
  const std::string pattern = '"' + identity.key + '"';
  rule.kind = FANFARE_IDENTITY_BY_JSON_KEY;
  rule.pattern_bytes = static_cast<std::uint8_t>(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i)
    std::memcpy(&rule.pattern[i], pattern.data() + i, std::min<std::size_t>(8, pattern.size() - i));
  return rule;
}

}  // namespace fanfare
