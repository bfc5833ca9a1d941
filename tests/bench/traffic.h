// SPDX-License-Identifier: Apache-2.0
// The bytes of the load: handshakes and messages, just enough of each protocol that a server or an
// agent takes them for real. Whether they are counted right is tested elsewhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanfare::bench {

enum class Protocol {
  websocket,  // a 101, then frames
  http,       // kept alive: every message is a whole response
  plain,      // neither: bytes without meaning
};

// "websocket", "http" or "plain"; throws std::invalid_argument.
Protocol protocol_named(std::string_view name);

std::string upgrade_request();
std::string upgrade_answer();

struct Shape {
  Protocol protocol = Protocol::websocket;
  std::size_t size = 200;  // payload bytes of each frame or response
  std::size_t frames = 1;  // in one send(); a WebSocket's only
};

// What one send() carries.
std::string message(const Shape& shape);

// Bytes that were made elsewhere, two digits each; throws std::invalid_argument.
std::string bytes_of_hex(std::string_view hex);

}  // namespace fanfare::bench
