// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/selftest_traffic.h"

#include <array>

namespace fanfare {
namespace {

// Payload bytes: both sides of each border of the length field (125/126, 65535/65536), empty, and
// what chat messages are like. Coprime to the periods below, so that all of them meet.
constexpr std::array<std::size_t, 13> sizes = {200, 0,    1,    125, 126,   127,  60,
                                               900, 1448, 4000, 300, 65535, 65536};
constexpr std::uint32_t large_every = 7;  // else 64 KiB in two of 13 messages is slow and dull
constexpr std::uint32_t fragment_every = 5;
constexpr std::uint32_t ping_every = 10;
constexpr std::uint32_t reply_every = 4;
constexpr std::uint32_t key_step = 0x9e3779b9;  // masking keys that differ in every byte

std::size_t size_of(std::uint32_t turn) {
  const std::size_t size = sizes[turn % sizes.size()];
  return size < 10000 || turn % large_every == 0 ? size : size % 1000;
}

// Bytes that look like frame headers, so that a framer that slips is caught.
std::string payload_of(std::uint32_t turn) {
  std::string payload(size_of(turn), '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>(i % 2 == 0 ? 0x81 : turn + i);
  }
  return payload;
}

}  // namespace

Turn SelftestTraffic::next() {
  Turn turn;
  turn.to_client = server_message();
  if (turn_ % reply_every == 0) turn.to_server = client_message();
  if (turn_ % ping_every == 0) {
    turn.to_client += server_frame({.opcode = Opcode::ping}, "are you there");
    turn.to_server += client_frame({.opcode = Opcode::pong}, "are you there");
  }
  ++turn_;
  return turn;
}

// Every fifth message goes in three frames with a ping between them (RFC 6455, section 5.4).
std::string SelftestTraffic::server_message() {
  ++figures_.events_out;
  const std::string payload = payload_of(turn_);
  if (turn_ % fragment_every != 0) return server_frame({.opcode = Opcode::binary}, payload);
  const std::size_t third = payload.size() / 3;
  return server_frame({.opcode = Opcode::text, .final = Final::no}, payload.substr(0, third)) +
         server_frame({.opcode = Opcode::ping}, "") +
         server_frame({.opcode = Opcode::continuation, .final = Final::no},
                      payload.substr(third, third)) +
         server_frame({.opcode = Opcode::continuation}, payload.substr(2 * third));
}

std::string SelftestTraffic::client_message() {
  ++figures_.events_in;
  const std::string payload = payload_of(turn_ / reply_every);
  if (turn_ % (reply_every * fragment_every) != 0) {
    return client_frame({.opcode = Opcode::binary}, payload);
  }
  const std::size_t half = payload.size() / 2;
  return client_frame({.opcode = Opcode::text, .final = Final::no}, payload.substr(0, half)) +
         client_frame({.opcode = Opcode::continuation}, payload.substr(half));
}

std::string SelftestTraffic::server_frame(const FrameHead& head, const std::string& payload) {
  ++figures_.frames_out;
  if (head.opcode == Opcode::ping) ++figures_.control_out;
  return frame_bytes(head, payload);
}

std::string SelftestTraffic::client_frame(FrameHead head, const std::string& payload) {
  ++figures_.frames_in;
  if (head.opcode == Opcode::pong) ++figures_.control_in;
  head.sender = Sender::client;
  head.key = static_cast<std::uint32_t>(figures_.frames_in) * key_step;
  return frame_bytes(head, payload);
}

}  // namespace fanfare
