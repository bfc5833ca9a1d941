// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/numbers.h"

#include <fmt/format.h>

#include <cmath>

namespace fanfare {
namespace {

bool is_missing(const std::optional<double>& value) { return !value || !std::isfinite(*value); }

std::string insert_commas(std::string digits) {
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace

std::string grouped(std::uint64_t count) { return insert_commas(std::to_string(count)); }

std::string rate_text(std::optional<double> rate) {
  if (is_missing(rate)) return unknown_figure;
  if (*rate < 0) return "-" + rate_text(-*rate);
  const std::string text = fmt::format("{:.1f}", *rate);
  const std::size_t point = text.find('.');
  return insert_commas(text.substr(0, point)) + text.substr(point);
}

std::string ratio_text(std::optional<double> ratio) {
  if (is_missing(ratio)) return unknown_figure;
  // Rounding down: a shard that misses one socket of 100,000 must not read as 100 %.
  const double percent = std::floor(*ratio * 10000 + 1e-9) / 100;
  return fmt::format("{:.2f} %", percent);
}

std::string age_text(std::optional<double> seconds) {
  if (is_missing(seconds)) return unknown_figure;
  if (*seconds < 0) return "-" + age_text(-*seconds);
  if (*seconds < 9.95) return fmt::format("{:.1f} s", *seconds);
  if (*seconds < 99.5) return fmt::format("{:.0f} s", *seconds);
  if (*seconds >= 1e15) return fmt::format("{:.0f} s", *seconds);
  const auto minutes = static_cast<std::uint64_t>(*seconds / 60);
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {} h", grouped(minutes / 1440), minutes / 60 % 24);
}

}  // namespace fanfare
