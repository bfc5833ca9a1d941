// SPDX-License-Identifier: Apache-2.0
// A TCP segment over IPv4 without IP options, as a relay has seen it: to be changed, and sent once
// more with checksums that are right, or are not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfare::test {

class TcpPacket {
 public:
  explicit TcpPacket(std::string bytes) : bytes_(std::move(bytes)) {}

  std::uint32_t seq() const { return number(ip_bytes + 4, 4); }
  TcpPacket& seq(std::uint32_t to) { return put(ip_bytes + 4, 4, to); }
  TcpPacket& ack(std::uint32_t to) { return put(ip_bytes + 8, 4, to); }
  TcpPacket& without_ack() { return put(ip_bytes + 13, 1, number(ip_bytes + 13, 1) & ~0x10U); }
  TcpPacket& payload(std::string_view to) {
    bytes_.resize(ip_bytes + (number(ip_bytes + 12, 1) >> 4) * 4);
    bytes_ += to;
    return put(2, 2, static_cast<std::uint32_t>(bytes_.size()));
  }

  std::string good() const { return with_checksums(0); }
  std::string bad() const { return with_checksums(1); }

 private:
  static constexpr std::size_t ip_bytes = 20;

  std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + size; ++i)
      value = value << 8 | static_cast<unsigned char>(bytes_.at(i));
    return value;
  }
  TcpPacket& put(std::size_t at, std::size_t size, std::uint32_t value) {
    for (std::size_t i = at + size; i-- > at; value >>= 8)
      bytes_.at(i) = static_cast<char>(value & 0xff);
    return *this;
  }

  std::uint32_t sum(std::size_t from, std::size_t to) const {
    std::uint32_t total = 0;
    for (std::size_t i = from; i < to; i += 2)
      total += i + 1 < to ? number(i, 2) : number(i, 1) << 8;
    return total;
  }
  static std::uint32_t folded(std::uint32_t total) {
    while (total >> 16) total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
  }

  std::string with_checksums(std::uint32_t error) const {
    TcpPacket packet(bytes_);
    packet.put(10, 2, 0).put(10, 2, folded(packet.sum(0, ip_bytes)));
    packet.put(ip_bytes + 16, 2, 0);
    const auto length = static_cast<std::uint32_t>(bytes_.size() - ip_bytes);
    const auto pseudo = packet.sum(12, 20) + 6 + length;
    packet.put(ip_bytes + 16, 2, folded(pseudo + packet.sum(ip_bytes, bytes_.size()) + error));
    return packet.bytes_;
  }

  std::string bytes_;
};

}  // namespace fanfare::test
