// SPDX-License-Identifier: Apache-2.0
// WebSocket as written on the wire (RFC 6455), for the selftest only: upgrade, frames. Writes and
// never reads; what reads frames is bpf/framers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfare {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, ping = 9, pong = 10 };
enum class Final : bool { no, yes };
enum class Sender { server, client };  // a client masks

// `key` is the masking key; used where the sender is a client.
struct FrameHead {
  Opcode opcode = Opcode::binary;
  Final final = Final::yes;
  Sender sender = Sender::server;
  std::uint32_t key = 0;
};

std::string frame_bytes(const FrameHead& head, std::string_view payload);

std::string upgrade_request();
std::string upgrade_response();  // the 101

}  // namespace fanfare
