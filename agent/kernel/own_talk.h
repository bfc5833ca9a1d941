// SPDX-License-Identifier: Apache-2.0
// A WebSocket connection of the agent with itself, over its own sockets. Nothing here waits: on the
// loopback what is sent has arrived, as a rule, when the call returns.
#pragma once

#include <cstdint>

#include "agent/kernel/own_sockets.h"

namespace fanfare {

class OwnTalk {
 public:
  explicit OwnTalk(OwnSockets sockets) : sockets_(std::move(sockets)) {}

  const OwnSockets& sockets() const { return sockets_; }

  // Connects anew and upgrades; what was open is closed. False where it does not come about at
  // once.
  bool open();
  // One empty message each way. False where the connection does not take them.
  bool say();
  // Whether all that was said has arrived at both ends.
  bool heard();
  void close();

  bool is_open() const { return static_cast<bool>(server_); }
  // Of the accepted socket: the name of its record.
  std::uint64_t cookie() const { return cookie_; }
  std::uint64_t said() const { return said_; }  // messages since open(), each way

 private:
  OwnSockets sockets_;
  Fd server_;
  std::uint64_t cookie_ = 0;
  std::uint64_t said_ = 0;
  std::uint64_t due_out_ = 0, due_in_ = 0;  // bytes that have not arrived
};

}  // namespace fanfare
