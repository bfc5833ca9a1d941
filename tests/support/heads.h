// SPDX-License-Identifier: Apache-2.0
// HTTP response heads for tests.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace fanfare::test {

inline std::string head(std::string_view status_line,
                        std::initializer_list<std::string_view> fields) {
  std::string out = std::string(status_line) + "\r\n";
  for (const std::string_view field : fields) out += std::string(field) + "\r\n";
  return out + "\r\n";
}

inline std::string upgrade_head() {
  return head("HTTP/1.1 101 Switching Protocols",
              {"Upgrade: websocket", "Connection: Upgrade",
               "Sec-WebSocket-Accept: XJSj9qrjKQZAfO6uoHAqB/+0Mfs="});
}

inline std::string deflate_head() {
  return head("HTTP/1.1 101 Switching Protocols",
              {"Upgrade: websocket", "Connection: Upgrade",
               "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"});
}

}  // namespace fanfare::test
