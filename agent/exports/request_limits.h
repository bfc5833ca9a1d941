// SPDX-License-Identifier: Apache-2.0
// How large a request may be, and what one is told that cannot be read.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <optional>

#include "agent/exports/respond.h"

namespace fanfare {

inline constexpr std::size_t header_limit = 8192;  // bytes
inline constexpr std::size_t body_limit = 4096;

// Empty where there is nobody left to tell. `error` is that of reading the request.
std::optional<Response> refusal(const boost::system::error_code& error);

}  // namespace fanfare
