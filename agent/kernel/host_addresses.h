// SPDX-License-Identifier: Apache-2.0
// Included only inside this room.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace fanfare {

// Of the interfaces in the agent's network namespace, in network order, IPv4 as ::ffff:a.b.c.d.
// Empty where they cannot be listed.
std::vector<std::array<std::uint8_t, 16>> host_addresses();

}  // namespace fanfare
