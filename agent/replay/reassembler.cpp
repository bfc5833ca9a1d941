// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/reassembler.h"

#include <algorithm>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

// A capture may show an acknowledgement before the segment that it acknowledges, but not by much.
constexpr auto patience_acknowledged = 200ms;
constexpr auto patience = 30s;                // a sender's late retransmissions
constexpr std::int32_t window_max = 1 << 30;  // of TCP: what lies beyond is not of this connection

std::int32_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

}  // namespace

void Reassembler::start(std::uint32_t seq) {
  known_ = true;
  next_ = seq;
}

void Reassembler::acknowledged(std::uint32_t ack) {
  if (acked_known_ && distance(acked_, ack) <= 0) return;
  acked_known_ = true;
  acked_ = ack;
}

void Reassembler::hold(const Piece& piece) {
  if (held_.empty()) hole_since_ = piece.at;
  auto place = held_.end();
  while (place != held_.begin() && distance(std::prev(place)->piece.seq, piece.seq) < 0) --place;
  held_bytes_ += piece.payload.size();
  held_.insert(place, {piece, std::string(piece.payload)});
}

// A piece that begins below next_ may end above it: the walk knows which of its bytes are new.
void Reassembler::pass(const Piece& piece, const Deliver& deliver) {
  if (distance(next_, piece.seq + piece.length) <= 0) return;
  next_ = piece.seq + piece.length;
  deliver(piece);
}

void Reassembler::take(const Piece& piece, const Deliver& deliver) {
  if (piece.length == 0) return;
  if (!known_) start(piece.seq);
  const auto ahead = distance(next_, piece.seq);
  if (ahead > window_max) return;
  if (ahead > 0) {
    hold(piece);
    if (held_bytes_ > held_bytes_max || held_.size() > held_pieces_max) give_up(piece.at, deliver);
    return;
  }
  const auto before = next_;
  pass(piece, deliver);
  if (next_ == before || held_.empty()) return;
  if (distance(next_, held_.front().piece.seq) <= 0) give_up(piece.at, deliver);
}

// Up to the next hole.
void Reassembler::give_up(Monotonic now, const Deliver& deliver) {
  bool first = true;
  while (!held_.empty() && (first || distance(next_, held_.front().piece.seq) <= 0)) {
    first = false;
    auto held = std::move(held_.front());
    held_.pop_front();
    held_bytes_ -= held.bytes.size();
    held.piece.payload = held.bytes;
    held.piece.at = std::max(held.piece.at, now);
    pass(held.piece, deliver);
  }
  hole_since_ = now;
}

void Reassembler::expire(Monotonic now, const Deliver& deliver) {
  while (!held_.empty()) {
    const bool confirmed = acked_known_ && distance(next_, acked_) > 0;
    if (now - hole_since_ < (confirmed ? Monotonic(patience_acknowledged) : Monotonic(patience)))
      return;
    give_up(now, deliver);
  }
}

void Reassembler::flush(const Deliver& deliver) {
  while (!held_.empty()) give_up(held_.back().piece.at, deliver);
}

}  // namespace fanfare
