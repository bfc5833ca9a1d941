// SPDX-License-Identifier: Apache-2.0
// One TCP connection of a capture: both streams put into order and walked by the framers of bpf/,
// as the kernel programs walk those of a socket. What the kernel knows of a socket (who accepted,
// the first sequence numbers) comes from the handshake; without it the connection is searched like
// one that is older than the agent, and who serves is told by whose frames are not masked.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "agent/replay/event_reach.h"
#include "agent/replay/http_ports.h"
#include "agent/replay/packet.h"
#include "agent/replay/reassembler.h"

namespace fanfare {

struct Identities;  // agent/replay/walk.h

// What the connections of one capture share.
struct CaptureState {
  explicit CaptureState(const Knobs& knobs);

  void lose(unsigned reason, std::uint64_t count) { losses.at(reason) += count; }
  // enum fanfare_protocol of what is served on a port, and who has told us.
  std::uint8_t protocol_on(std::uint16_t port) const {
    if (replicates_on(port)) return FANFARE_HASHICORP_RAFT;
    const auto word = client_protocols.find(port);
    const auto protocol = word == client_protocols.end() ? 0 : word->second & FANFARE_PORT_PROTOCOL;
    // A stream of events is one only once its head was seen.
    return static_cast<std::uint8_t>(protocol == FANFARE_SSE ? FANFARE_WEBSOCKET : protocol);
  }
  bool replicates_on(std::uint16_t port) const { return replication_ports.contains(port); }

  ClientRules rules;
  EventReach reach;
  std::unordered_set<std::uint16_t> replication_ports;
  std::map<std::uint16_t, std::uint8_t> client_protocols;  // see enum FANFARE_PORT_... in abi.h
  HttpPorts http;
  std::unordered_set<std::uint16_t> server_ports{};  // seen to accept
  std::unordered_set<std::uint16_t> chat_ports{};    // seen to upgrade
  std::array<std::uint64_t, FANFARE_LOSS_COUNT> losses{};
};

class Connection {
 public:
  using Ends = std::array<Endpoint, 2>;

  // Seen from its handshake on. `server` is an index of `ends`; `first` the sequence numbers that
  // each end begins with.
  Connection(CaptureState& capture, const Ends& ends, std::uint64_t cookie, int server,
             const std::array<std::uint32_t, 2>& first, Monotonic opened);
  // Met in its midst.
  Connection(CaptureState& capture, const Ends& ends, std::uint64_t cookie, Monotonic now);

  // A segment from the end `from`.
  void take(int from, const TcpSegment& segment, Monotonic now);
  // Gives up holes that nothing will fill any more.
  void expire(Monotonic now);
  // Nothing follows: walks what is held.
  void flush();

  bool is_over() const { return over_; }
  // Nothing that is read here: its packets matter no more.
  bool is_dismissed() const { return !over_ && sides_.empty(); }

  struct Flow {
    std::uint64_t cookie = 0;
    fanfare_flow flow{};
  };
  // As the kernel has it: one record for the socket of a server, two for a connection between
  // nodes, one at each end.
  std::vector<Flow> flows() const;

 private:
  // The connection with one end as its server.
  struct Side {
    int server = 0;
    fanfare_direction out{}, in{};
    fanfare_exchanges exchanges{};
    fanfare_acks acks{};
    std::uint32_t acked = 0;  // highest number that the client has acknowledged; 0: none yet
  };

  bool replicates() const { return fanfare_protocol_replicates(protocol_) != 0; }
  Side make_side(int server, bool fresh) const;
  static Side make_packet_side(int server, bool fresh);
  void deliver(int from, const Piece& piece);
  void walk(Side& side, int from, const Piece& piece);
  void walk_direction(Side& side, fanfare_direction& direction, const Piece& piece,
                      std::uint8_t hole_reason);
  void lose(const Side& side, fanfare_direction& direction, std::uint8_t reason,
            std::uint64_t count);
  void lose_head(Side& side, std::uint8_t reason);
  void note_events(const Side& side, fanfare_direction& direction, const Identities& read,
                   Monotonic at);
  void after_egress(Side& side, const Piece& piece, bool upgraded);
  void settle_sides();
  void note_ack(int from, const TcpSegment& segment, Monotonic now);
  void note_end(int from, const TcpSegment& segment);
  const Side* shown() const;
  Flow record(const Side& side, int local) const;

  CaptureState& capture_;
  Ends ends_;
  std::uint64_t cookie_;
  std::uint8_t protocol_ = FANFARE_WEBSOCKET;
  std::uint64_t opened_ns_ = 0;
  std::array<Reassembler, 2> streams_;
  std::vector<Side> sides_;                          // two while it is not known who serves
  std::array<std::optional<std::uint32_t>, 2> fin_;  // sequence number behind the last byte
  int first_fin_ = -1;
  bool over_ = false;
  bool reset_ = false;
};

}  // namespace fanfare
