// SPDX-License-Identifier: Apache-2.0
// Puts one direction of a TCP connection into order before it is walked: segments past a hole are
// held until it is filled. Bounded: a hole that is not filled is given up, and the walk names it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "agent/kernel/snapshot.h"

namespace fanfare {

// A piece of a stream in the order of its sequence numbers.
struct Piece {
  std::uint32_t seq = 0;
  std::uint32_t length = 0;    // on the wire
  std::string_view payload{};  // of it, what the capture holds
  std::uint32_t ack = 0;       // what the sender had received when it sent this
  Monotonic at{};
};

class Reassembler {
 public:
  using Deliver = std::function<void(const Piece&)>;

  static constexpr std::size_t held_bytes_max = 1 << 20;
  static constexpr std::size_t held_pieces_max = 4096;

  // The stream's first byte, where the handshake told it.
  void start(std::uint32_t seq);
  // What is in order now goes to `deliver`; it may begin below what has been delivered before.
  void take(const Piece& piece, const Deliver& deliver);
  // The receiver has confirmed everything below `ack`.
  void acknowledged(std::uint32_t ack);
  // Gives up holes that nothing will fill any more: the receiver has the bytes, or has waited long.
  void expire(Monotonic now, const Deliver& deliver);
  // Everything that is held, whatever is missing.
  void flush(const Deliver& deliver);

  bool known() const { return known_; }
  std::uint32_t next() const { return next_; }
  bool has_hole() const { return !held_.empty(); }

 private:
  struct Held {
    Piece piece;  // its payload is `bytes`
    std::string bytes;
  };

  void hold(const Piece& piece);
  void pass(const Piece& piece, const Deliver& deliver);
  void give_up(Monotonic now, const Deliver& deliver);

  bool known_ = false;
  bool acked_known_ = false;
  std::uint32_t next_ = 0;
  std::uint32_t acked_ = 0;
  std::deque<Held> held_;  // by sequence number
  std::size_t held_bytes_ = 0;
  Monotonic hole_since_{};
};

}  // namespace fanfare
