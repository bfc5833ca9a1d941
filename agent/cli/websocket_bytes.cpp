// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/websocket_bytes.h"

#include <array>

namespace fanfare {
namespace {

void append_big_endian(std::string& bytes, std::uint64_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

}  // namespace

std::string frame_bytes(const FrameHead& head, std::string_view payload) {
  const unsigned final_bit = head.final == Final::yes ? 0x80 : 0;
  const unsigned mask_bit = head.sender == Sender::client ? 0x80 : 0;
  std::string bytes;
  bytes.push_back(static_cast<char>(final_bit | static_cast<unsigned>(head.opcode)));
  // Section 5.2: 7 bits, or 126 and 16 bits, or 127 and 64 bits; always the shortest form.
  if (payload.size() < 126) {
    bytes.push_back(static_cast<char>(mask_bit | payload.size()));
  } else if (payload.size() < 65536) {
    bytes.push_back(static_cast<char>(mask_bit | 126));
    append_big_endian(bytes, payload.size(), 2);
  } else {
    bytes.push_back(static_cast<char>(mask_bit | 127));
    append_big_endian(bytes, payload.size(), 8);
  }
  if (head.sender == Sender::server) return bytes.append(payload);

  append_big_endian(bytes, head.key, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const unsigned key = head.key >> (24 - 8 * (i % 4)) & 0xff;
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key));
  }
  return bytes;
}

// Key and accept value are the pair of RFC 6455, section 1.3.
std::string upgrade_request() {
  return "GET /fanfare-selftest HTTP/1.1\r\n"
         "Host: localhost\r\n"
         "Upgrade: websocket\r\n"
         "Connection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Sec-WebSocket-Version: 13\r\n\r\n";
}

std::string upgrade_response() {
  return "HTTP/1.1 101 Switching Protocols\r\n"
         "Upgrade: websocket\r\n"
         "Connection: Upgrade\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
}

}  // namespace fanfare
