// SPDX-License-Identifier: Apache-2.0
// The base URL of an Alertmanager, taken apart for the way there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fanfare {

struct AlertmanagerUrl {
  bool tls = false;
  std::string host;  // name or address, IPv6 without brackets
  std::string port;
  std::string host_header;    // with brackets, and with a port that is not the scheme's own
  std::string target;         // path of the base, and /api/v2/alerts
  std::string authorization;  // value of the header, empty without user; a secret
  std::string shown;          // the URL without user and password
};

// "http://[user:password@]host[:port][/prefix]" or https. Empty where it is no such URL.
std::optional<AlertmanagerUrl> parse_alertmanager_url(std::string_view text);

}  // namespace fanfare
