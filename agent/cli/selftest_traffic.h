// SPDX-License-Identifier: Apache-2.0
// The selftest's known messages: what each turn puts on the wire in both directions, and what the
// counters must say afterwards. Pure; the sockets are in selftest_link.h.
#pragma once

#include <cstdint>
#include <string>

#include "agent/cli/websocket_bytes.h"

namespace fanfare {

// What one connection must count, by the names of the sockets listing.
struct TrafficFigures {
  std::uint64_t events_out = 0;
  std::uint64_t control_out = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t events_in = 0;
  std::uint64_t control_in = 0;
  std::uint64_t frames_in = 0;
  bool operator==(const TrafficFigures&) const = default;
};

struct Turn {
  std::string to_client;
  std::string to_server;
};

class SelftestTraffic {
 public:
  // The next message to the client with what goes along: pings, and now and then a message back.
  Turn next();
  // Of all turns so far.
  const TrafficFigures& figures() const { return figures_; }

 private:
  std::string server_message();
  std::string client_message();
  std::string server_frame(const FrameHead& head, const std::string& payload);
  std::string client_frame(FrameHead head, const std::string& payload);

  std::uint32_t turn_ = 0;
  TrafficFigures figures_;
};

}  // namespace fanfare
