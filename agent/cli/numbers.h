// SPDX-License-Identifier: Apache-2.0
// Figures as people read them. Counts stay exact to the last digit: exactness is what they are for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fanfare {

inline constexpr const char* unknown_figure = "-";

std::string grouped(std::uint64_t count);             // 1234567 -> "1,234,567"
std::string rate_text(std::optional<double> rate);    // 1234.56 -> "1,234.6"
std::string ratio_text(std::optional<double> ratio);  // 0.9996 -> "99.96 %"; 1 only when exact
// 0.3149, 0.992 -> "0.31 of 0.99"; without a normal "0.31". Rounded down, as ratio_text.
std::string of_normal_text(double ratio, std::optional<double> normal);
std::string age_text(std::optional<double> seconds);  // 0.42 -> "0.4 s", 11520 -> "3 h 12 min"

}  // namespace fanfare
