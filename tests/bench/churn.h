// SPDX-License-Identifier: Apache-2.0
// Connections that come and go, one at a time: connect, upgrade, one message, orderly close. Both
// ends run at once, in two processes; several pairs of processes make up the rate.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "agent/kernel/fd.h"

namespace fanfare::bench {

void serve_churn(const Fd& listener, std::size_t count);

// At most `per_second` connections a second, 0 for as many as go. Returns how long it took.
std::chrono::nanoseconds connect_churn(std::uint16_t port, std::size_t count,
                                       std::size_t per_second);

}  // namespace fanfare::bench
