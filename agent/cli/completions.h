// SPDX-License-Identifier: Apache-2.0
// Completion scripts for shells, made of what the commands say of themselves. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace fanfare {

inline constexpr std::array<std::string_view, 3> completed_shells{"bash", "fish", "zsh"};

// Precondition: `shell` is one of completed_shells.
std::string completions(std::string_view shell);

}  // namespace fanfare
