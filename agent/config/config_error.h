// SPDX-License-Identifier: Apache-2.0
// The one way in which configuration is refused: a text made for the operator, with the place, the
// key and what is allowed. It is no carrier of codes; whoever catches it prints it and exits
// with 2.
#pragma once

#include <stdexcept>
#include <string>

namespace fanfare {

class ConfigError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Where a complaint belongs. Prints as `chat.yaml:7: shards[0].name`; a part that is not known is
// left out (line 0, empty key).
struct Place {
  std::string file;  // as the operator wrote it
  int line = 0;      // from 1
  std::string key;   // path from the root, e.g. shards[0].match.listen_ports[1]
};

[[noreturn]] inline void refuse(const Place& place, const std::string& complaint) {
  std::string text = place.file;
  if (place.line > 0) text += ':' + std::to_string(place.line);
  if (!place.key.empty()) text += ": " + place.key;
  throw ConfigError(text + ": " + complaint);
}

}  // namespace fanfare
