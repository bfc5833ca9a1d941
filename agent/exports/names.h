// SPDX-License-Identifier: Apache-2.0
// Label values and JSON keys of the enums that more than one export shows.
#pragma once

#include <array>
#include <string_view>

#include "bpf/abi.h"

namespace fanfare {

// Indexed by enum fanfare_class; the values of the metric label `class`.
inline constexpr std::array<std::string_view, FANFARE_CLASS_COUNT> class_names{"event", "heartbeat",
                                                                               "control", "other"};

// Metric labels of what exists so far: clients of WebSocket servers.
inline constexpr std::string_view role_client = "client";
inline constexpr std::string_view protocol_websocket = "websocket";

}  // namespace fanfare
