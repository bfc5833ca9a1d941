// SPDX-License-Identifier: Apache-2.0
// What a WebSocket client makes of the bytes that it received: a second reading of RFC 6455, apart
// from the writer in frames.h and from the framer, that demands legal input and complete frames.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "tests/support/counts.h"

namespace fanfare::test {

// Splits frames off the front of `bytes`; throws std::runtime_error for what a client would refuse.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  Counts all() {
    while (!rest_.empty()) one();
    if (open_) throw std::runtime_error("the stream ends inside a message");
    return counts_;
  }

  // Data messages behind the Close, which this client would not read.
  std::uint64_t behind_close() const { return behind_close_; }

  // As many as are complete.
  Counts complete() {
    try {
      while (!rest_.empty()) one();
    } catch (const std::out_of_range&) {
      // The cut is the caller's purpose.
    }
    return counts_;
  }

 private:
  std::uint64_t number(std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + size; ++i)
      value = value << 8 | static_cast<unsigned char>(rest_.at(i));
    return value;
  }

  void one() {
    const auto first = number(0, 1);
    const auto second = number(1, 1);
    const bool masked = second >> 7;
    const auto short_length = second & 127;
    const std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    const auto length = extended ? number(2, extended) : short_length;
    const std::size_t before = 2 + extended + (masked ? 4 : 0);
    if (length > rest_.size() || before + length > rest_.size()) throw std::out_of_range("cut");
    note(first >> 7, first & 15, length);
    rest_.remove_prefix(before + length);
  }

  void note(std::uint64_t fin, std::uint64_t opcode, std::uint64_t length) {
    if (opcode < 8 && closed_) {
      behind_close_ += fin;
    } else {
      ++counts_.frames;
    }
    if (opcode >= 8) {
      if (!fin || length > 125 || opcode > 10)
        throw std::runtime_error("a control frame that no client accepts");
      closed_ = closed_ || opcode == 8;
      ++counts_.controls;
      counts_.control_bytes += length;
      return;
    }
    if (opcode > 2 || (opcode == 0) != open_) throw std::runtime_error("a frame out of turn");
    message_ = (open_ ? message_ : 0) + length;
    open_ = !fin;
    if (!fin || closed_) return;
    ++counts_.events;
    counts_.event_bytes += message_;
  }

  std::string_view rest_;
  Counts counts_;
  std::uint64_t message_ = 0;
  bool open_ = false;
  bool closed_ = false;
  std::uint64_t behind_close_ = 0;
};

// Behind the response head, if there is one.
inline std::string_view after_head(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? bytes : bytes.substr(end + 4);
}

}  // namespace fanfare::test
