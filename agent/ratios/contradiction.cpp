// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/contradiction.h"

#include <fmt/format.h>

namespace fanfare {
namespace {

constexpr std::chrono::minutes held{1};
// What late deliveries and the borders of the window may add.
constexpr double borne_share = 0.1;
constexpr double borne_events = 20;

std::string found(const SettledWindow::Sums& minute, bool known) {
  const double reached = minute.seen + minute.surplus;
  if (reached > minute.due * (1 + borne_share) + borne_events + minute.losses)
    return fmt::format("{:.0f} events reached clients in a minute in which {:.0f} were due",
                       reached, minute.due);
  if (!known && reached == 0 && minute.due >= borne_events && minute.elsewhere >= borne_events)
    return fmt::format(
        "none of {:.0f} events published here reached a client, and {:.0f} others did that nobody "
        "published here",
        minute.due, minute.elsewhere);
  return {};
}

}  // namespace

void Contradiction::advance(std::chrono::nanoseconds now, const SettledWindow::Sums& minute,
                            bool known) {
  auto text = found(minute, known);
  if (text.empty())
    since_.reset();
  else if (!since_)
    since_ = now;
  text_ = since_ && now - *since_ >= held ? std::move(text) : std::string();
}

}  // namespace fanfare
