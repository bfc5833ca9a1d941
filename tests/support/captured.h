// SPDX-License-Identifier: Apache-2.0
// Builds packets and capture files byte by byte, written from RFC 791, 8200 and 9293, from 802.1Q
// and from the descriptions of the file formats, and not from the reader.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/frames.h"

namespace fanfare::test {

struct Host {
  std::string address;  // 4 or 16 bytes
  std::uint16_t port = 0;
};

inline const Host server_v4{std::string("\x0a\x00\x00\x01", 4), 8080};
inline const Host client_v4{std::string("\x0a\x00\x00\x09", 4), 40000};
inline const Host server_v6{std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16), 8080};
inline const Host client_v6{std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09", 16), 40000};

enum TcpFlag : unsigned { fin_flag = 1, syn_flag = 2, rst_flag = 4, psh_flag = 8, ack_flag = 16 };

struct TcpSketch {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  unsigned flags = ack_flag;
  std::string payload{};
  std::string options{};  // whole words
};

inline std::string tcp_bytes(std::uint16_t from, std::uint16_t to, const TcpSketch& tcp) {
  return big_endian(from, 2) + big_endian(to, 2) + big_endian(tcp.seq, 4) + big_endian(tcp.ack, 4) +
         big_endian((5 + tcp.options.size() / 4) << 12 | tcp.flags, 2) + big_endian(65535, 2) +
         std::string(4, '\0') + tcp.options + tcp.payload;
}

inline std::string ipv4_bytes(const Host& from, const Host& to, const std::string& inner,
                              const std::string& options = "", unsigned fragment = 0) {
  const auto header = 20 + options.size();
  return big_endian(0x40 + header / 4, 1) + std::string(1, '\0') +
         big_endian(header + inner.size(), 2) + std::string(2, '\0') + big_endian(fragment, 2) +
         std::string("\x40\x06\0\0", 4) + from.address + to.address + options + inner;
}

// `extensions`: type and bytes of each, the "next header" byte left out.
inline std::string ipv6_bytes(
    const Host& from, const Host& to, const std::string& inner,
    const std::vector<std::pair<unsigned, std::string>>& extensions = {}) {
  std::string chain;
  for (std::size_t i = 0; i < extensions.size(); ++i)
    chain += big_endian(i + 1 < extensions.size() ? extensions[i + 1].first : 6, 1) +
             extensions[i].second;
  return std::string("\x60\0\0\0", 4) + big_endian(chain.size() + inner.size(), 2) +
         big_endian(extensions.empty() ? 6 : extensions[0].first, 1) + "\x40" + from.address +
         to.address + chain + inner;
}

inline std::string ip_bytes(const Host& from, const Host& to, const TcpSketch& tcp) {
  const auto inner = tcp_bytes(from.port, to.port, tcp);
  return from.address.size() == 4 ? ipv4_bytes(from, to, inner) : ipv6_bytes(from, to, inner);
}

inline std::string ethernet(const std::string& ip, const std::string& tags = "") {
  const bool v4 = (ip[0] & 0xf0) == 0x40;
  return std::string(12, '\x02') + tags + big_endian(v4 ? 0x0800 : 0x86dd, 2) + ip;
}

struct StampedPacket {
  std::uint64_t at_ns = 0;
  std::string bytes;
  std::uint32_t wire = 0;  // 0: as many as there are bytes
};

enum LinkType : std::uint32_t {
  link_null = 0,
  link_ethernet = 1,
  link_raw = 101,
  link_loop = 108,
  link_cooked = 113,
  link_ipv4 = 228,
  link_ipv6 = 229,
  link_cooked2 = 276,
};

struct FileShape {
  std::uint32_t link = link_raw;
  bool nanoseconds = true;
  bool big = false;  // byte order
};

inline std::string number(std::uint64_t value, int bytes, bool big) {
  std::string text = big_endian(value, bytes);
  if (!big) std::reverse(text.begin(), text.end());
  return text;
}

inline std::string pcap_file(const std::vector<StampedPacket>& packets,
                             const FileShape& shape = {}) {
  const auto put = [&](std::uint64_t value, int bytes) { return number(value, bytes, shape.big); };
  std::string file = put(shape.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4) + put(2, 2) + put(4, 2) +
                     put(0, 8) + put(262144, 4) + put(shape.link, 4);
  for (const auto& packet : packets)
    file += put(packet.at_ns / 1000000000, 4) +
            put(packet.at_ns % 1000000000 / (shape.nanoseconds ? 1 : 1000), 4) +
            put(packet.bytes.size(), 4) + put(packet.wire ? packet.wire : packet.bytes.size(), 4) +
            packet.bytes;
  return file;
}

inline std::string pcapng_file(const std::vector<StampedPacket>& packets,
                               const FileShape& shape = {}) {
  const auto put = [&](std::uint64_t value, int bytes) { return number(value, bytes, shape.big); };
  const auto block = [&](std::uint32_t type, std::string body) {
    body.resize((body.size() + 3) / 4 * 4);
    return put(type, 4) + put(body.size() + 12, 4) + body + put(body.size() + 12, 4);
  };
  const std::string resolution =
      shape.nanoseconds ? put(9, 2) + put(1, 2) + std::string("\x09\0\0\0", 4) + put(0, 4) : "";
  std::string file = block(0x0a0d0d0a, put(0x1a2b3c4d, 4) + put(1, 2) + put(0, 2) + put(~0ULL, 8)) +
                     block(1, put(shape.link, 2) + put(0, 2) + put(262144, 4) + resolution);
  for (const auto& packet : packets) {
    const auto stamp = packet.at_ns / (shape.nanoseconds ? 1 : 1000);
    file += block(6, put(0, 4) + put(stamp >> 32, 4) + put(stamp & 0xffffffff, 4) +
                         put(packet.bytes.size(), 4) +
                         put(packet.wire ? packet.wire : packet.bytes.size(), 4) + packet.bytes);
  }
  return file;
}

// One TCP connection as IP packets, in the order sent.
class Talk {
 public:
  Talk(Host server, Host client, std::uint32_t server_first = 1000,
       std::uint32_t client_first = 100)
      : server_(std::move(server)),
        client_(std::move(client)),
        server_seq_(server_first),
        client_seq_(client_first) {}

  Talk& open() {
    add(false, syn_flag, "");
    ++client_seq_;
    add(true, syn_flag | ack_flag, "");
    ++server_seq_;
    add(false, ack_flag, "");
    return *this;
  }
  Talk& from_server(std::string_view bytes, std::size_t segment = 1448) {
    return say(true, bytes, segment);
  }
  Talk& from_client(std::string_view bytes, std::size_t segment = 1448) {
    return say(false, bytes, segment);
  }
  Talk& close(bool by_server = true) {
    add(by_server, fin_flag | ack_flag, "");
    ++(by_server ? server_seq_ : client_seq_);
    add(!by_server, fin_flag | ack_flag, "");
    ++(by_server ? client_seq_ : server_seq_);
    add(by_server, ack_flag, "");
    return *this;
  }
  Talk& wait(std::uint64_t ns) {
    now_ns_ += ns;
    return *this;
  }

  std::vector<StampedPacket>& packets() { return packets_; }

 private:
  Talk& say(bool server, std::string_view bytes, std::size_t segment) {
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, segment);
      add(server, ack_flag | psh_flag, std::string(piece));
      (server ? server_seq_ : client_seq_) += static_cast<std::uint32_t>(piece.size());
      bytes.remove_prefix(piece.size());
    }
    return *this;
  }

  void add(bool server, unsigned flags, std::string payload) {
    const TcpSketch tcp{.seq = server ? server_seq_ : client_seq_,
                        .ack = server ? client_seq_ : server_seq_,
                        .flags = flags,
                        .payload = std::move(payload)};
    packets_.push_back(
        {now_ns_, server ? ip_bytes(server_, client_, tcp) : ip_bytes(client_, server_, tcp)});
    now_ns_ += 1000;
  }

  Host server_, client_;
  std::uint32_t server_seq_, client_seq_;
  std::uint64_t now_ns_ = 1700000000'000000000;
  std::vector<StampedPacket> packets_;
};

}  // namespace fanfare::test
