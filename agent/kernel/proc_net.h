// SPDX-License-Identifier: Apache-2.0
// The kernel's own list of TCP connections in a process's network namespace, for a question that
// the programs cannot answer: is anybody connected whom we do not follow?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfare {

// Established connections whose local port is `port` in text of the form of /proc/net/tcp.
std::size_t established_in(std::string_view proc_net_tcp, std::uint16_t port);

// The same in the network namespace of `pid`, IPv4 and IPv6 together; empty where /proc does not
// tell (no such process here, no permission).
std::optional<std::size_t> established_connections(std::uint32_t pid, std::uint16_t port);

}  // namespace fanfare
