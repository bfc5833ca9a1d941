// SPDX-License-Identifier: Apache-2.0
// A connection over which HTTP is walked, for tests: both directions with what pairs them, opened
// as bpf/flow.bpf.h opens them, and fed in pieces of any size.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/replay/walk.h"
#include "tests/support/counts.h"
#include "tests/support/dice.h"

namespace fanfare::test {

inline fanfare_publish publish_of(fanfare_method method, std::string_view path) {
  fanfare_publish publish{};
  publish.method = static_cast<std::uint8_t>(method);
  publish.path_bytes = static_cast<std::uint8_t>(path.size());
  for (std::size_t i = 0; i < path.size(); ++i)
    std::memcpy(&publish.path[i], path.data() + i, std::min<std::size_t>(8, path.size() - i));
  return publish;
}

// A number of bytes for the next piece of so many that are left.
using Pieces = std::function<std::size_t(std::size_t left)>;
inline Pieces whole() {
  return [](std::size_t left) { return left; };
}
inline Pieces bytewise() {
  return [](std::size_t) { return std::size_t{1}; };
}
inline Pieces random_pieces(std::uint64_t seed, std::size_t longest) {
  return [dice = Dice(seed), longest](std::size_t) mutable {
    return static_cast<std::size_t>(dice.between(1, longest));
  };
}

class HttpConnection {
 public:
  // `wanted` as fanfare_exchanges.wanted.
  explicit HttpConnection(unsigned wanted, std::vector<fanfare_publish> publishes = {},
                          Pieces pieces = whole())
      : pieces_(std::move(pieces)) {
    x_.wanted = static_cast<std::uint8_t>(wanted);
    for (std::size_t i = 0; i < publishes.size(); ++i) set_.publish[i] = publishes[i];
    in_.flags = FANFARE_MASKED | FANFARE_SEQ_KNOWN;
    out_.flags = FANFARE_SEQ_KNOWN;
    http1_open(&out_, &in_);
  }

  void request(std::string_view bytes) { feed_all(in_, in_seq_, bytes, false); }
  void respond(std::string_view bytes) { feed_all(out_, out_seq_, bytes, true); }
  // Bytes that never came by.
  void request_hole(std::uint32_t bytes) { in_seq_ += bytes; }
  void response_hole(std::uint32_t bytes) { out_seq_ += bytes; }

  // As if the connection were older than the agent.
  void forget(unsigned stage) {
    in_.stage = out_.stage = static_cast<std::uint8_t>(stage);
    in_.flags = FANFARE_MASKED | FANFARE_OLD | FANFARE_MESSAGE_UNKNOWN;
    out_.flags = FANFARE_OLD | FANFARE_MESSAGE_UNKNOWN;
  }

  const fanfare_exchanges& exchanges() const { return x_; }
  std::uint64_t accepted() const { return x_.accepted; }
  unsigned answered() const { return x_.answered; }
  unsigned outstanding() const { return static_cast<std::uint16_t>(x_.requests - x_.answered); }
  const fanfare_direction& in() const { return in_; }
  const fanfare_direction& out() const { return out_; }
  std::uint64_t lost(fanfare_loss reason) const { return losses_.at(reason); }
  std::uint64_t lost_in_all() const {
    std::uint64_t sum = 0;
    for (const auto count : losses_) sum += count;
    return sum;
  }

 private:
  void feed_all(fanfare_direction& direction, std::uint32_t& seq, std::string_view bytes,
                bool is_response) {
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, pieces_(bytes.size()));
      const auto reason = is_response ? FANFARE_LOSS_EGRESS_HOLE : FANFARE_LOSS_INGRESS_HOLE;
      const Loss loss = feed(direction, {seq, piece, 1, static_cast<std::uint8_t>(reason)}, {},
                             {.http = {&x_, &set_, is_response}});
      if (loss.reason) losses_.at(loss.reason) += loss.count;
      losses_.at(FANFARE_LOSS_COMPRESSED) += loss.compressed;
      seq += static_cast<std::uint32_t>(piece.size());
      bytes.remove_prefix(piece.size());
    }
  }

  Pieces pieces_;
  fanfare_exchanges x_{};
  fanfare_publish_set set_{};
  fanfare_direction in_{}, out_{};
  std::uint32_t in_seq_ = 0, out_seq_ = 0;
  std::array<std::uint64_t, FANFARE_LOSS_COUNT> losses_{};
};

}  // namespace fanfare::test
