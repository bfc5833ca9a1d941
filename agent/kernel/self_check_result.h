// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fanfare {

// What a message of the agent to itself has shown.
enum class SelfCheckResult {
  counted,
  missed,    // it arrived, and is not in the counters
  not_made,  // it could not be made; proves nothing
};

}  // namespace fanfare
