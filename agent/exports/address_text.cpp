// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/address_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace fanfare {
namespace {

constexpr IpAddress v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};  // ::ffff:0:0/96

bool is_v4(const IpAddress& at) {
  return std::equal(at.begin(), at.begin() + 12, v4_prefix.begin());
}

}  // namespace

IpAddress ip_address(const __u8 (&bytes)[16]) {
  IpAddress copy{};
  std::copy(std::begin(bytes), std::end(bytes), copy.begin());
  return copy;
}

std::optional<IpAddress> parse_address(const std::string& text) {
  IpAddress address = v4_prefix;
  if (inet_pton(AF_INET, text.c_str(), address.data() + 12) == 1) return address;
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::string address_text(const IpAddress& at) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(at)) {
    inet_ntop(AF_INET, at.data() + 12, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, at.data(), text.data(), text.size());
  }
  return text.data();
}

std::string endpoint_text(const IpAddress& at, std::uint16_t port) {
  return fmt::format(fmt::runtime(is_v4(at) ? "{}:{}" : "[{}]:{}"), address_text(at), port);
}

}  // namespace fanfare
