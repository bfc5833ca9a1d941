// SPDX-License-Identifier: Apache-2.0
// Figures and texts as the JSON of the exports shows them; what is not known is null.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>

#include "agent/exports/label_text.h"

namespace fanfare {

// Nobody reads an age or a rate finer than that, and a golden text should not hang on rounding.
inline double thousandths(double number) { return std::round(number * 1000) / 1000; }

inline double seconds(std::chrono::nanoseconds time) {
  return thousandths(std::chrono::duration<double>(time).count());
}

inline boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(label_text(text));
}

inline boost::json::value number_or_null(std::optional<double> number) {
  return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

}  // namespace fanfare
