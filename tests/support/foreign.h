// SPDX-License-Identifier: Apache-2.0
// Streams that are no WebSocket at all, in the shapes that protocols near a chat server have. Only
// their outline is true; what matters is which bytes stand where.
#pragma once

#include <string>

#include "tests/support/dice.h"
#include "tests/support/payloads.h"

namespace fanfare::test {

inline std::string tls_records(Dice& dice) {
  std::string out;
  while (out.size() < 20000) {
    const std::string secret = dice.bytes(dice.between(20, 3000));
    out += "\x17\x03\x03" + big_endian(secret.size(), 2) + secret;
  }
  return out;
}

inline std::string http_bodies(Dice& dice) {
  std::string out;
  while (out.size() < 20000) {
    const std::string body = multilingual_json(dice);
    out += "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  return out;
}

inline std::string postgres_rows(Dice& dice) {
  std::string out;
  while (out.size() < 20000) {
    const std::string cell = dice.one_in(2) ? ascii_json(dice) : std::to_string(dice.below(99999));
    out += "D" + big_endian(cell.size() + 10, 4) + big_endian(1, 2) + big_endian(cell.size(), 4) +
           cell;
    if (dice.one_in(10)) out += std::string("C\0\0\0\rSELECT 1\0Z\0\0\0\5I", 20);
  }
  return out;
}

inline std::string http2_frames(Dice& dice) {
  std::string out;
  while (out.size() < 20000) {
    const std::string data = dice.one_in(3) ? ascii_json(dice) : dice.bytes(dice.below(200));
    out +=
        big_endian(data.size(), 3) + std::string("\0\0", 2) + big_endian(dice.below(64), 4) + data;
  }
  return out;
}

inline std::string random_bytes(Dice& dice) { return dice.bytes(20000); }
inline std::string zeros(Dice&) { return std::string(20000, '\0'); }

// A raw image or sound: neighbours differ by little.
inline std::string samples(Dice& dice) {
  std::string out;
  unsigned level = 128;
  while (out.size() < 20000) {
    level = (level + dice.below(7) + 253) & 0xff;
    out += static_cast<char>(level);
  }
  return out;
}

}  // namespace fanfare::test
