// SPDX-License-Identifier: Apache-2.0
// A Boost.JSON value as text that people read too: Boost's own serializer writes 12.5 as 1.25E1.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace fanfare {

// Compact, keys in the order of insertion, shortest digits that read back the same. A number that
// JSON cannot say (NaN, infinity) is null.
std::string json_text(const boost::json::value& value);

}  // namespace fanfare
