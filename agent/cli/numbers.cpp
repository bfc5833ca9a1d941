// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/numbers.h"

#include <fmt/format.h>

#include <cmath>

namespace fanfare {
namespace {

// What is not finite is unknown too; one double then stands for both.
double known_or_nan(std::optional<double> value) { return value.value_or(std::nan("")); }

std::string hundredths(double ratio) {
  return fmt::format("{:.2f}", std::floor(ratio * 100 + 1e-9) / 100);
}

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
  const double value = known_or_nan(rate);
  if (!std::isfinite(value)) return unknown_figure;
  if (value < 0) return "-" + rate_text(-value);
  const std::string text = fmt::format("{:.1f}", value);
  const std::size_t point = text.find('.');
  return insert_commas(text.substr(0, point)) + text.substr(point);
}

std::string ratio_text(std::optional<double> ratio) {
  const double value = known_or_nan(ratio);
  if (!std::isfinite(value)) return unknown_figure;
  // Rounding down: a shard that misses one socket of 100,000 must not read as 100 %.
  return fmt::format("{:.2f} %", std::floor(value * 10000 + 1e-9) / 100);
}

std::string of_normal_text(double ratio, std::optional<double> normal) {
  return hundredths(ratio) + (normal ? " of " + hundredths(*normal) : "");
}

std::string age_text(std::optional<double> seconds) {
  const double value = known_or_nan(seconds);
  if (!std::isfinite(value)) return unknown_figure;
  if (value < 0) return "-" + age_text(-value);
  if (value < 9.95) return fmt::format("{:.1f} s", value);
  // The upper bound keeps the conversion to whole minutes defined.
  if (value < 99.5 || value >= 1e15) return fmt::format("{:.0f} s", value);
  const auto minutes = static_cast<std::uint64_t>(value / 60);
  if (minutes < 60) return fmt::format("{} min", minutes);
  const std::uint64_t hours = minutes / 60;
  if (hours < 48) return fmt::format("{} h {} min", hours, minutes % 60);
  return fmt::format("{} d {} h", grouped(hours / 24), hours % 24);
}

}  // namespace fanfare
