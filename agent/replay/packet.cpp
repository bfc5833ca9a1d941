// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/packet.h"

#include <algorithm>
#include <optional>

namespace fanfare {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr int vlan_tags_max = 2;
constexpr int ipv6_extensions_max = 8;

enum IpProtocol : std::uint8_t {
  hop_by_hop = 0,
  tcp = 6,
  routing = 43,
  fragment = 44,
  authentication = 51,
  destination = 60,
};

// What is left of a packet: bytes at hand, and how many there were on the wire.
class Bytes {
 public:
  Bytes(std::string_view bytes, std::uint32_t wire) : bytes_(bytes), wire_(wire) {}

  bool has(std::size_t count) const { return bytes_.size() >= count; }
  std::uint8_t byte(std::size_t at) const { return static_cast<std::uint8_t>(bytes_[at]); }
  std::uint16_t two(std::size_t at) const {
    return static_cast<std::uint16_t>(byte(at) << 8 | byte(at + 1));
  }
  std::uint32_t four(std::size_t at) const {
    return static_cast<std::uint32_t>(two(at)) << 16 | two(at + 2);
  }
  void skip(std::size_t count) {
    bytes_.remove_prefix(count);
    wire_ -= static_cast<std::uint32_t>(count);
  }
  // IP says how long the packet is; what lies behind is padding of the link.
  void limit(std::uint32_t wire) {
    wire_ = std::min(wire_, wire);
    bytes_ = bytes_.substr(0, wire_);
  }
  std::string_view rest() const { return bytes_; }
  std::uint32_t wire() const { return wire_; }

 private:
  std::string_view bytes_;
  std::uint32_t wire_;
};

bool is_vlan(std::uint16_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100; }

// Past `header` bytes with the type of what follows at `type_at`, and past VLAN tags. Empty where
// the bytes end before.
std::optional<std::uint16_t> past_link(Bytes& bytes, std::size_t header, std::size_t type_at) {
  if (!bytes.has(header)) return std::nullopt;
  std::uint16_t type = bytes.two(type_at);
  bytes.skip(header);
  for (int i = 0; i < vlan_tags_max && is_vlan(type); ++i) {
    if (!bytes.has(4)) return std::nullopt;
    type = bytes.two(2);
    bytes.skip(4);
  }
  return type;
}

// Which IP follows is told by its own version: address families differ between systems.
std::optional<std::uint16_t> past_family(Bytes& bytes) {
  if (!bytes.has(5)) return std::nullopt;
  bytes.skip(4);
  const auto version = bytes.byte(0) >> 4;
  return version == 4 ? ethertype_ipv4 : version == 6 ? ethertype_ipv6 : 0;
}

std::optional<std::uint16_t> raw_type(const Bytes& bytes) {
  if (!bytes.has(1)) return std::nullopt;
  const auto version = bytes.byte(0) >> 4;
  return version == 4 ? ethertype_ipv4 : version == 6 ? ethertype_ipv6 : 0;
}

std::optional<std::uint16_t> past_link_layer(LinkLayer link, Bytes& bytes) {
  switch (link) {
    case LinkLayer::ethernet:
      return past_link(bytes, 14, 12);
    case LinkLayer::linux_cooked:
      return past_link(bytes, 16, 14);
    case LinkLayer::linux_cooked2:
      return past_link(bytes, 20, 0);
    case LinkLayer::bsd_loopback:
      return past_family(bytes);
    case LinkLayer::raw_ip:
      break;
  }
  return raw_type(bytes);
}

void map_v4(const Bytes& bytes, std::size_t at, std::array<std::uint8_t, 16>& address) {
  address[10] = address[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i) address[12 + i] = bytes.byte(at + i);
}

Decoded past_ipv4(Bytes& bytes, TcpSegment& segment) {
  if (!bytes.has(20)) return Decoded::cut;
  const std::size_t header = 4UL * (bytes.byte(0) & 15);
  const std::uint32_t total = bytes.two(2);  // 0: left to the network card (TSO)
  if (bytes.byte(9) != tcp) return Decoded::other;
  if (bytes.two(6) & 0x1fff) return Decoded::fragment;
  if (header < 20 || !bytes.has(header) || (total && total < header)) return Decoded::cut;
  map_v4(bytes, 12, segment.from.address);
  map_v4(bytes, 16, segment.to.address);
  if (total) bytes.limit(total);
  if (!bytes.has(header)) return Decoded::cut;
  bytes.skip(header);
  return Decoded::tcp;
}

// Past the extension headers; `next` is the first one's type.
Decoded past_extensions(Bytes& bytes, std::uint8_t next) {
  for (int i = 0; next != tcp; ++i) {
    const bool known = next == hop_by_hop || next == routing || next == destination ||
                       next == fragment || next == authentication;
    if (!known || i == ipv6_extensions_max) return Decoded::other;
    if (!bytes.has(8)) return Decoded::cut;
    if (next == fragment && (bytes.two(2) & 0xfff8)) return Decoded::fragment;
    const std::size_t size = next == fragment         ? 8
                             : next == authentication ? 4UL * (bytes.byte(1) + 2UL)
                                                      : 8UL * (bytes.byte(1) + 1UL);
    if (!bytes.has(size)) return Decoded::cut;
    next = bytes.byte(0);
    bytes.skip(size);
  }
  return Decoded::tcp;
}

Decoded past_ipv6(Bytes& bytes, TcpSegment& segment) {
  if (!bytes.has(40)) return Decoded::cut;
  const std::uint32_t payload = bytes.two(4);  // 0: the jumbo header of BIG TCP
  const std::uint8_t next = bytes.byte(6);
  for (std::size_t i = 0; i < 16; ++i) {
    segment.from.address[i] = bytes.byte(8 + i);
    segment.to.address[i] = bytes.byte(24 + i);
  }
  bytes.skip(40);
  if (payload) bytes.limit(payload);
  return past_extensions(bytes, next);
}

Decoded read_tcp(Bytes& bytes, TcpSegment& segment) {
  if (!bytes.has(20)) return Decoded::cut;
  const std::size_t header = 4UL * (bytes.byte(12) >> 4);
  const unsigned flags = bytes.byte(13);
  segment.from.port = bytes.two(0);
  segment.to.port = bytes.two(2);
  segment.fin = flags & 1;
  segment.syn = flags & 2;
  segment.rst = flags & 4;
  segment.has_ack = flags & 16;
  segment.seq = bytes.four(4) + segment.syn;
  segment.ack = bytes.four(8);
  if (header < 20 || header > bytes.wire()) return Decoded::cut;
  segment.length = bytes.wire() - static_cast<std::uint32_t>(header);
  segment.payload = bytes.rest().substr(std::min(header, bytes.rest().size()));
  return Decoded::tcp;
}

}  // namespace

Decoding decode_packet(LinkLayer link, std::string_view bytes, std::uint32_t wire_length) {
  Decoding decoding;
  Bytes left(bytes, std::max(wire_length, static_cast<std::uint32_t>(bytes.size())));
  const auto type = past_link_layer(link, left);
  if (!type)
    decoding.kind = Decoded::cut;
  else if (*type == ethertype_ipv4)
    decoding.kind = past_ipv4(left, decoding.segment);
  else if (*type == ethertype_ipv6)
    decoding.kind = past_ipv6(left, decoding.segment);
  if (decoding.kind == Decoded::tcp && type) decoding.kind = read_tcp(left, decoding.segment);
  return decoding;
}

}  // namespace fanfare
