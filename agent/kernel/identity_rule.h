// SPDX-License-Identifier: Apache-2.0
// How the events of a shard are told apart, in the words of the framers.
#pragma once

#include <cstdint>

#include "agent/config/config.h"
#include "bpf/abi.h"

namespace fanfare {

// `shard` is its place in Config::shards. Throws StartError where the key is too long.
fanfare_identity_rule identity_rule(const Identity& identity, std::uint32_t shard);

// The same of the room that is read beside an identity; without a pattern where there is none.
fanfare_identity_rule room_rule(const Room& room, std::uint32_t shard);

}  // namespace fanfare
