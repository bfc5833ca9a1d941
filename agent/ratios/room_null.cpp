// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/room_null.h"

#include <algorithm>
#include <cmath>

namespace fanfare {
namespace {

struct Prior {
  double hits;  // share, worth `prior_trials`
  std::array<double, room_gaps> floor;
};
constexpr double prior_trials = 20;
// A room without an open witness may have no reader at all: nothing is taken for granted of it.
constexpr std::array<Prior, room_readers_kinds> priors{{
    {.90, {.60, .50, .30, .20}},
    {.96, {.75, .65, .40, .30}},
    {.98, {.85, .80, .50, .40}},
    {.99, {.95, .90, .60, .50}},
    {.50, {.0, .0, .0, .0}},
    {.90, {.0, .0, .0, .0}},
}};
constexpr double greatest = 0.997;
constexpr double least_of_all = 0.02;
constexpr double trials_kept = 1e5;
constexpr double many_readers = 10;

}  // namespace

RoomKind room_kind(std::size_t open_witnesses, double usual, double gap_seconds) {
  RoomKind kind;
  const bool large = usual >= many_readers;
  if (open_witnesses == 0)
    kind.readers = large ? room_unwatched + 1 : room_unwatched;
  else if (open_witnesses < 4)
    kind.readers = open_witnesses > 1;
  else
    kind.readers = large ? 3 : 2;
  kind.gap = static_cast<std::uint8_t>(gap_seconds > 60) +
             static_cast<std::uint8_t>(gap_seconds > 600) +
             static_cast<std::uint8_t>(gap_seconds > 3600);
  return kind;
}

void RoomNulls::learn(RoomKind kind, bool hit) {
  Cell& cell = cells_[kind.readers][kind.gap];
  cell.trials += 1;
  cell.misses += hit ? 0 : 1;
  if (cell.trials < trials_kept) return;
  cell.trials /= 2;
  cell.misses /= 2;
}

namespace {

template <typename Share>
std::optional<double> by_trials(const RoomNulls::Cells& cells, const Share& share) {
  double trials = 0;
  double sum = 0;
  for (std::uint8_t readers = 0; readers < room_readers_kinds; ++readers)
    for (std::uint8_t gap = 0; gap < room_gaps; ++gap) {
      const double weight = cells[readers][gap].trials;
      trials += weight;
      sum += weight * share(RoomKind{readers, gap});
    }
  return trials > 0 ? std::optional(sum / trials) : std::nullopt;
}

}  // namespace

std::optional<double> RoomNulls::usual_mean() const {
  return by_trials(cells_, [this](RoomKind kind) { return mean(kind); });
}

std::optional<double> RoomNulls::usual_least() const {
  return by_trials(cells_, [this](RoomKind kind) { return least(kind); });
}

double RoomNulls::mean(RoomKind kind) const {
  const Cell& cell = at(kind);
  return 1 - (cell.misses + prior_trials * (1 - priors[kind.readers].hits)) /
                 (cell.trials + prior_trials);
}

double RoomNulls::least(RoomKind kind) const {
  const double misses = 1 - mean(kind);
  const double n = at(kind).trials + prior_trials;
  const double learned = 1 - (1.5 * misses + 2 * std::sqrt(2 * misses * (1 - misses) / n) + 0.003);
  return std::clamp(learned, std::max(least_of_all, priors[kind.readers].floor[kind.gap]),
                    greatest);
}

}  // namespace fanfare
