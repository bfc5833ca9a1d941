// SPDX-License-Identifier: Apache-2.0
// A sender for tests: keeps the sequence number and the clock, feeds segments, adds up the losses.
// Also the starting points of a direction, as bpf/flow.bpf.h and bpf/egress.bpf.c set them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "agent/replay/walk.h"
#include "tests/support/counts.h"
#include "tests/support/dice.h"

namespace fanfare::test {

using fanfare::boundless;

// What an accepted connection sends, from its first byte on.
inline fanfare_direction fresh_server(std::uint32_t seq = 1000) {
  fanfare_direction direction{};
  direction.flags = FANFARE_SEQ_KNOWN;
  direction.first_seq = direction.next_seq = seq;
  http_begin_head(&direction, 0);
  return direction;
}

// A direction just behind the 101; `flags` as FANFARE_MASKED, FANFARE_DEFLATE.
inline fanfare_direction in_step(unsigned flags = 0, std::uint32_t seq = 1000) {
  fanfare_direction direction{};
  direction.flags = static_cast<std::uint8_t>(FANFARE_SEQ_KNOWN | FANFARE_UPGRADED | flags);
  direction.first_seq = direction.next_seq = seq;
  fanfare_lock(&direction, 0);
  return direction;
}

// A flow older than the agent.
inline fanfare_direction older(unsigned flags = 0) {
  fanfare_direction direction{};
  direction.flags = static_cast<std::uint8_t>(FANFARE_OLD | FANFARE_DEFLATE_UNKNOWN |
                                              FANFARE_MESSAGE_UNKNOWN | flags);
  direction.stage = FANFARE_STAGE_SEARCH;
  direction.last_ns = 1;
  return direction;
}

class Feeder {
 public:
  explicit Feeder(const fanfare_direction& start, const Budget& budget = {})
      : direction_(start), budget_(budget), seq_(start.next_seq) {}

  // Identities and rooms, where the direction has a rule; must outlive this.
  void read_into(Identities& identities) { readers_.identities = &identities; }

  void segment(std::string_view payload) {
    segment_at(seq_, payload);
    seq_ += static_cast<std::uint32_t>(payload.size());
  }

  // A retransmission, or one out of order: does not move the sender.
  void segment_at(std::uint32_t seq, std::string_view payload) {
    const Loss loss = feed(direction_, {seq, payload, now_ns_}, budget_, readers_);
    losses_.at(loss.reason) += loss.count;
    losses_.at(FANFARE_LOSS_AFTER_CLOSE) += loss.behind_close;
    was_out_of_step_ |= loss.reason && loss.reason != FANFARE_LOSS_AFTER_CLOSE;
  }

  // Bytes that left but never passed the hook.
  void hole(std::uint32_t bytes) { seq_ += bytes; }

  void wait(std::uint64_t ns) { now_ns_ += ns; }

  void bytewise(std::string_view stream) {
    for (std::size_t i = 0; i < stream.size(); ++i) segment(stream.substr(i, 1));
  }

  void random_pieces(std::string_view stream, std::size_t longest, std::uint64_t seed) {
    Dice dice(seed);
    while (!stream.empty()) {
      const std::string_view piece = stream.substr(0, dice.between(1, longest));
      segment(piece);
      stream.remove_prefix(piece.size());
    }
  }

  const fanfare_direction& direction() const { return direction_; }
  Counts counted() const { return counts(direction_); }
  unsigned stage() const { return direction_.stage; }
  std::uint32_t seq() const { return seq_; }
  std::uint64_t lost(fanfare_loss reason) const { return losses_.at(reason); }
  // A lock that proved wrong may have had nothing to take back, and is no loss then.
  bool was_out_of_step() const { return was_out_of_step_; }
  std::uint64_t lost_in_all() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : losses_) sum += count;
    return sum;
  }

 private:
  fanfare_direction direction_;
  Budget budget_;
  Readers readers_{};
  std::uint32_t seq_;
  std::uint64_t now_ns_ = 1;
  bool was_out_of_step_ = false;
  std::array<std::uint64_t, FANFARE_LOSS_COUNT> losses_{};
};

}  // namespace fanfare::test
