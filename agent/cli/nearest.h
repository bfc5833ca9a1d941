// SPDX-License-Identifier: Apache-2.0
// The known word that somebody most likely meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfare {

// Empty when nothing is close: a third of the letters wrong is no longer a slip of the finger.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// "; did you mean "X"?" or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace fanfare
