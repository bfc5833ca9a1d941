// SPDX-License-Identifier: Apache-2.0
// The bytes of a captured packet -> the TCP segment in it. Every length is checked: a capture may
// hold anything. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

namespace fanfare {

enum class LinkLayer {
  ethernet,
  bsd_loopback,  // 4 bytes address family before IP, in either byte order
  linux_cooked,  // "any" interface, version 1
  linux_cooked2,
  raw_ip,
};

struct Endpoint {
  std::array<std::uint8_t, 16> address{};  // network order; IPv4 as ::ffff:a.b.c.d
  std::uint16_t port = 0;                  // host order
  auto operator<=>(const Endpoint&) const = default;
};

struct TcpSegment {
  Endpoint from, to;
  std::uint32_t seq = 0;  // of the first payload byte; a SYN takes one number before it
  std::uint32_t ack = 0;
  bool syn = false, fin = false, rst = false, has_ack = false;
  std::uint32_t length = 0;    // payload bytes on the wire
  std::string_view payload{};  // of them, those that the capture holds
};

enum class Decoded {
  tcp,
  other,     // not TCP: nothing to count
  cut,       // the capture ends before the TCP header does, or a header lies about its length
  fragment,  // of an IP datagram, not the first: bytes without a TCP header
};

struct Decoding {
  Decoded kind = Decoded::other;
  TcpSegment segment{};  // valid for `tcp`; its payload points into the bytes given
};

// `bytes` is what the capture holds of a packet that had `wire_length` bytes.
Decoding decode_packet(LinkLayer link, std::string_view bytes, std::uint32_t wire_length);

}  // namespace fanfare
