// SPDX-License-Identifier: Apache-2.0
// Writes WebSocket streams and keeps the truth about them: the counts, and where each frame begins.
// Written from RFC 6455 and not from the framer, so that the two can disagree. Legality is the
// caller's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/counts.h"

namespace fanfare::test {

enum Opcode : unsigned { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

enum class LengthForm { minimal, sixteen, sixty_four };

inline constexpr std::string_view masking_key = "\x37\xfa\x21\x3d";

struct Frame {
  unsigned opcode = text;
  std::string_view payload = {};
  bool fin = true;
  unsigned rsv = 0;  // 4 = RSV1, 2 = RSV2, 1 = RSV3
  bool masked = false;
  LengthForm form = LengthForm::minimal;
  std::string_view key = masking_key;
};

inline std::string masked_bytes(std::string_view plain, std::string_view key) {
  std::string out(plain);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ key[i % 4]);
  return out;
}

inline std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
  return out;
}

// A header alone, for payloads that are too long to be written.
inline std::string header(const Frame& frame, std::uint64_t length) {
  const unsigned mask = frame.masked ? 0x80 : 0;
  LengthForm form = frame.form;
  if (form == LengthForm::minimal && length > 125)
    form = length > 65535 ? LengthForm::sixty_four : LengthForm::sixteen;
  std::string out(1, static_cast<char>((frame.fin ? 0x80U : 0U) | frame.rsv << 4 | frame.opcode));
  if (form == LengthForm::minimal)
    out += static_cast<char>(mask | length);
  else if (form == LengthForm::sixteen)
    out += static_cast<char>(mask | 126) + big_endian(length, 2);
  else
    out += static_cast<char>(mask | 127) + big_endian(length, 8);
  if (frame.masked) out += frame.key;
  return out;
}

inline std::string wire(const Frame& frame) {
  return header(frame, frame.payload.size()) +
         (frame.masked ? masked_bytes(frame.payload, frame.key) : std::string(frame.payload));
}

struct MessageShape {
  unsigned opcode = text;
  std::size_t fragment = SIZE_MAX;  // payload bytes in a frame
  unsigned rsv = 0;                 // on the first frame only, as RFC 7692 wants
  bool masked = false;
  bool empty_end = false;      // ends with an empty FIN, as gorilla's NextWriter does
  bool pings_between = false;  // a ping after each fragment
};

class StreamBuilder {
 public:
  void frame(const Frame& frame) {
    borders_.push_back(bytes_.size());
    bytes_ += wire(frame);
    ++truth_.frames;
    if (frame.opcode & 8) {
      ++truth_.controls;
      truth_.control_bytes += frame.payload.size();
      return;
    }
    open_bytes_ = (frame.opcode == continuation ? open_bytes_ : 0) + frame.payload.size();
    if (!frame.fin) return;
    ++truth_.events;
    truth_.event_bytes += open_bytes_;
  }

  void message(std::string_view payload, const MessageShape& shape = {}) {
    unsigned opcode = shape.opcode;
    unsigned rsv = shape.rsv;
    bool ended = false;
    do {
      const std::string_view part = payload.substr(0, shape.fragment);
      payload.remove_prefix(part.size());
      ended = payload.empty() && !(shape.empty_end && (!part.empty() || opcode != continuation));
      frame({opcode, part, ended, rsv, shape.masked});
      opcode = continuation;
      rsv = 0;
      if (shape.pings_between && !ended) frame({ping, "between", true, 0, shape.masked});
    } while (!ended);
  }

  void raw(std::string_view bytes) { bytes_ += bytes; }

  const std::string& bytes() const { return bytes_; }
  const Counts& truth() const { return truth_; }
  const std::vector<std::size_t>& borders() const { return borders_; }

 private:
  std::string bytes_;
  Counts truth_;
  std::vector<std::size_t> borders_;
  std::uint64_t open_bytes_ = 0;
};

}  // namespace fanfare::test
