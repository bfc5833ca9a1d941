// SPDX-License-Identifier: Apache-2.0
// MQTT for tests: packets as they stand on the wire, starting points of a direction, and a second
// decoder that shares nothing with the framer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bpf/framers/stream.h"
#include "tests/support/counts.h"

namespace fanfare::test {

// A connection followed from its first byte; `flags` is 0 or FANFARE_MASKED for the client's.
inline fanfare_direction packets(unsigned flags = 0, std::uint32_t seq = 1000) {
  fanfare_direction direction{};
  direction.flags = static_cast<std::uint8_t>(FANFARE_SEQ_KNOWN | FANFARE_FIRST_PACKET | flags);
  direction.stage = FANFARE_STAGE_PACKETS;
  direction.first_seq = direction.next_seq = seq;
  return direction;
}

// One that is older than the agent.
inline fanfare_direction older_packets(unsigned flags = 0) {
  fanfare_direction direction{};
  direction.flags = static_cast<std::uint8_t>(FANFARE_OLD | flags);
  direction.stage = FANFARE_STAGE_PACKET_SEARCH;
  direction.last_ns = 1;
  return direction;
}

inline std::string mqtt_length(std::size_t number) {
  std::string bytes;
  do {
    bytes += static_cast<char>((number & 127) | (number > 127 ? 128 : 0));
    number >>= 7;
  } while (number > 0);
  return bytes;
}

inline std::string mqtt_packet(unsigned first, const std::string& rest = {}) {
  return static_cast<char>(first) + mqtt_length(rest.size()) + rest;
}

inline std::string mqtt_word(std::size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}
inline std::string mqtt_text(const std::string& text) { return mqtt_word(text.size()) + text; }

struct Publish {
  std::string payload;
  std::string topic = "room/1";
  unsigned qos = 0;
  bool dup = false;
  unsigned id = 7;                             // with qos
  std::optional<std::string> properties = {};  // of version 5: what stands behind their length
};

inline std::string publish(const Publish& p) {
  std::string rest = mqtt_text(p.topic);
  if (p.qos > 0) rest += mqtt_word(p.id);
  if (p.properties) rest += mqtt_length(p.properties->size()) + *p.properties;
  return mqtt_packet(0x30 | (p.dup ? 8U : 0U) | p.qos << 1, rest + p.payload);
}

// The handshake of a client, level 4 is 3.1.1; and what the server answers.
inline std::string mqtt_connect(unsigned level) {
  return mqtt_packet(0x10, mqtt_text("MQTT") + static_cast<char>(level) +
                               std::string("\x02\0\x3c", 3) +
                               (level >= 5 ? std::string(1, '\0') : "") + mqtt_text("client"));
}
inline std::string mqtt_connack(unsigned level) {
  return mqtt_packet(0x20, std::string(level >= 5 ? 3 : 2, '\0'));
}

inline const std::string pingreq = mqtt_packet(0xc0);
inline const std::string pingresp = mqtt_packet(0xd0);

// Reads a stream byte by byte, from a connection's first on.
class MqttDecoder {
 public:
  MqttDecoder(std::string_view stream, bool from_client) : from_client_(from_client) {
    while (is_legal_ && !stream.empty()) {
      const std::size_t used = packet(stream);
      if (used == 0) return;
      stream.remove_prefix(used);
    }
  }

  // Of the packets that are complete, before the first that MQTT does not have.
  const ClassCounts& counted() const { return counted_; }
  bool is_legal() const { return is_legal_; }

 private:
  // Bytes of the first packet of `rest`, 0: not complete, or not legal.
  std::size_t packet(std::string_view rest) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
    if (!begins(byte(0))) return fail();
    std::size_t length = 0;
    for (std::size_t i = 0, scale = 1;; ++i, scale *= 128) {
      if (i == 4) return fail();
      if (1 + i == rest.size()) return 0;
      length += scale * (byte(1 + i) % 128);
      if (byte(1 + i) >= 128) continue;
      rest.remove_prefix(2 + i);
      return fits(length) ? body(rest, length, 2 + i) : fail();
    }
  }

  bool begins(unsigned first) {
    constexpr std::string_view of_client = "1345678ACEF", of_server = "2345679BDEF";
    type_ = "0123456789ABCDEF"[first / 16];
    flags_ = first % 16;
    if ((from_client_ ? of_client : of_server).find(type_) == std::string_view::npos) return false;
    if (is_first_ && !(from_client_ ? type_ == '1' : type_ == '2' || type_ == 'F')) return false;
    if (type_ == 'F' && version_ && *version_ < 5) return false;
    if (type_ == '3') return flags_ / 2 % 4 != 3;
    return flags_ == (type_ == '6' || type_ == '8' || type_ == 'A' ? 2U : 0U);
  }

  bool fits(std::size_t length) const {
    switch (type_) {
      case '1':
        return length >= 12;
      case '8':
        return length >= 6;
      case 'A':
        return length >= 5;
      case '9':
        return length >= 3;
      case 'C':
      case 'D':
        return length == 0;
      case 'E':
      case 'F':
        return true;
      default:
        return length >= 2;
    }
  }

  std::size_t body(std::string_view rest, std::size_t length, std::size_t header) {
    if (type_ == '1' && rest.size() >= 7 && !note_version(rest)) return fail();
    if (type_ == '2') version_ = length == 2 ? 4 : 5;
    is_first_ = false;
    if (rest.size() < length) return 0;
    fanfare_class kind = FANFARE_CONTROL;
    if (type_ == '3') kind = flags_ >= 8 ? FANFARE_OTHER : FANFARE_EVENT;
    if (type_ == 'C' || type_ == 'D') kind = FANFARE_HEARTBEAT;
    ++counted_.messages[kind];
    counted_.bytes[kind] += length;
    return header + length;
  }

  bool note_version(std::string_view rest) {
    using namespace std::string_view_literals;
    const bool is_new = rest.starts_with("\0\4MQTT"sv);
    version_ = is_new ? static_cast<unsigned char>(rest[6]) % 128 : 3;
    return is_new || rest.starts_with("\0\6MQIs"sv);
  }

  std::size_t fail() {
    is_legal_ = false;
    return 0;
  }

  bool from_client_;
  bool is_first_ = true, is_legal_ = true;
  char type_ = '0';
  unsigned flags_ = 0;
  std::optional<unsigned> version_;
  ClassCounts counted_;
};

}  // namespace fanfare::test
