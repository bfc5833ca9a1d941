// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/traffic.h"

#include <stdexcept>

namespace fanfare::bench {
namespace {

// JSON as chat servers send it, cut or repeated to `size` bytes.
std::string text(std::size_t size) {
  constexpr std::string_view line =
      R"({"type":"message.new","channel":"general","user":"u-4711","text":"good morning"} )";
  std::string text;
  while (text.size() < size) text += line.substr(0, size - text.size());
  return text;
}

// RFC 6455 section 5.2: an unmasked text frame of at most 65,535 bytes.
std::string frame(std::size_t size) {
  constexpr char fin_text = '\x81';
  std::string bytes{fin_text};
  if (size < 126) {
    bytes += static_cast<char>(size);
  } else if (size < 65536) {
    bytes += {126, static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  } else {
    throw std::invalid_argument("a frame of the load has at most 65535 bytes");
  }
  return bytes + text(size);
}

}  // namespace

Protocol protocol_named(std::string_view name) {
  if (name == "websocket") return Protocol::websocket;
  if (name == "http") return Protocol::http;
  if (name == "plain") return Protocol::plain;
  throw std::invalid_argument("no such protocol: " + std::string(name));
}

std::string upgrade_request() {
  return "GET / HTTP/1.1\r\nHost: bench.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

// The key and its answer are the example of RFC 6455 section 1.3.
std::string upgrade_answer() {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
}

std::string message(const Shape& shape) {
  if (shape.protocol == Protocol::plain) return text(shape.size);
  if (shape.protocol == Protocol::http)
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(shape.size) + "\r\n\r\n" + text(shape.size);
  std::string bytes;
  for (std::size_t i = 0; i < shape.frames; ++i) bytes += frame(shape.size);
  return bytes;
}

std::string bytes_of_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) throw std::invalid_argument("half a byte");
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

}  // namespace fanfare::bench
