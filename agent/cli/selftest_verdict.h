// SPDX-License-Identifier: Apache-2.0
// Does the agent's row of a selftest socket say what was sent? Pure.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/cli/selftest_traffic.h"

namespace fanfare {

struct Mismatch {
  std::string figure;
  std::string expected;
  std::string got;
};

// `rows` is the agent's sockets answer; the socket with `cookie` is judged. Empty: all agrees.
std::vector<Mismatch> mismatches(const TrafficFigures& sent, std::uint64_t cookie,
                                 const boost::json::array& rows);

}  // namespace fanfare
