// SPDX-License-Identifier: Apache-2.0
// Addresses as they stand in struct fanfare_flow, as text.
#pragma once

#include <linux/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace fanfare {

using IpAddress = std::array<std::uint8_t, 16>;  // network order; IPv4 as ::ffff:a.b.c.d

IpAddress ip_address(const __u8 (&bytes)[16]);
std::optional<IpAddress> parse_address(const std::string& text);     // as address_text() writes it
std::string address_text(const IpAddress& at);                       // "192.0.2.1", "2001:db8::1"
std::string endpoint_text(const IpAddress& at, std::uint16_t port);  // "[2001:db8::1]:80"

}  // namespace fanfare
