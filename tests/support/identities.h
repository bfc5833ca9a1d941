// SPDX-License-Identifier: Apache-2.0
// How the identities and the rooms of a direction are read, in the words of the framers.
#pragma once

#include <string>

#include "agent/replay/walk.h"

namespace fanfare::test {

inline fanfare_identity_rule by_payload_rule() {
  fanfare_identity_rule rule{};
  rule.kind = FANFARE_IDENTITY_BY_PAYLOAD;
  return rule;
}

inline fanfare_identity_rule by_key_rule(const std::string& key) {
  fanfare_identity_rule rule{};
  const std::string pattern = '"' + key + '"';
  rule.kind = FANFARE_IDENTITY_BY_JSON_KEY;
  rule.pattern_bytes = static_cast<std::uint8_t>(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) rule.pattern[i] = word_of(pattern.substr(i));
  return rule;
}

inline Identities identities_and_rooms(const fanfare_identity_rule& identity,
                                       const std::string& room_key) {
  Identities how;
  how.rule = identity;
  how.room_rule = by_key_rule(room_key);
  return how;
}

}  // namespace fanfare::test
