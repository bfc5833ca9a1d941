// SPDX-License-Identifier: Apache-2.0
// How surely an event of a room that had readers a moment ago reaches somebody in health: by how
// many of its witnesses are open, how many readers it has, and how long ago it had one. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace fanfare {

struct RoomKind {
  std::uint8_t readers = 0;  // index below room_readers_kinds
  std::uint8_t gap = 0;      // index below room_gaps
};

// One open witness, two or three, four of a room below ten readers, four of a larger one; then
// rooms without an open witness, of which nobody knows more: below ten readers, larger.
inline constexpr std::size_t room_readers_kinds = 6;
inline constexpr std::size_t room_unwatched = 4;  // the first of the last two
// Seconds since the last event of the room that reached somebody: up to 60, 600, 3600, more.
inline constexpr std::size_t room_gaps = 4;

// `usual`: copies of an event of the room that reached somebody.
RoomKind room_kind(std::size_t open_witnesses, double usual, double gap_seconds);

class RoomNulls {
 public:
  struct Cell {
    double trials = 0;
    double misses = 0;
  };

  // In health only. Old trials are halved every hundred thousand.
  void learn(RoomKind kind, bool hit);

  // The share of hits that is normal, in (0, 1).
  double mean(RoomKind kind) const;

  // The least that counts as healthy: 1 - (1.5 m + 2 sqrt(2 m (1 - m) / n) + 0.003) of the learned
  // share of misses m of n trials, at most 0.997; and at least a floor that no history lowers. The
  // floors are what finds a node that was bad from the start. Both from detection-2.md, section 6.
  double least(RoomKind kind) const;

  // Over all kinds, by their trials: what a screen shows as normal; empty before the first trial.
  std::optional<double> usual_mean() const;
  std::optional<double> usual_least() const;

  using Cells = std::array<std::array<Cell, room_gaps>, room_readers_kinds>;
  const Cells& cells() const { return cells_; }
  Cells& cells() { return cells_; }

 private:
  const Cell& at(RoomKind kind) const { return cells_[kind.readers][kind.gap]; }
  Cells cells_{};
};

}  // namespace fanfare
