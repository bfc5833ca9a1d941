// SPDX-License-Identifier: Apache-2.0
// The connections of a capture: finds to which one a segment belongs, opens and ends them, and
// shows them as the flow map of the kernel would.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "agent/kernel/knobs.h"
#include "agent/replay/connection.h"

namespace fanfare {

class Connections {
 public:
  explicit Connections(const Knobs& knobs);

  void take(const TcpSegment& segment, Monotonic now);
  // A TCP segment could not be read.
  void lose(unsigned reason) { capture_.lose(reason, 1); }
  // Nothing follows.
  void flush();
  // Flows, losses and reach as of `now`. One that is over is shown twice, then forgotten.
  void fill(Snapshot& snapshot, Monotonic now);

  std::uint64_t opened() const { return opened_; }

 private:
  struct Key {
    Connection::Ends ends;  // the lesser one first
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  // Without `live`: asked for by a SYN, or over, or nothing that is read here.
  struct Entry {
    std::unique_ptr<Connection> live;
    int client = -1;  // by its SYN; index of the key's ends
    std::uint32_t client_first = 0;
    bool refused = false;  // its packets matter no more until a SYN
  };
  struct Over {
    std::unique_ptr<Connection> connection;
    int sights = 0;
  };

  void on_syn(Entry& entry, int from, const TcpSegment& segment);
  void open(Entry& entry, const Key& key, int from, const TcpSegment& segment, Monotonic now);
  void end(Entry& entry);
  std::uint32_t netns_of(const fanfare_flow& flow);
  void show(Snapshot& snapshot, const Connection& connection);
  void name_listeners(Snapshot& snapshot);

  std::uint32_t capacity_;
  CaptureState capture_;
  std::unordered_map<Key, Entry, Hash> entries_;
  std::vector<Over> over_;
  std::size_t live_ = 0;
  std::uint64_t opened_ = 0;
  std::map<std::array<std::uint8_t, 16>, std::uint32_t> hosts_;  // address -> number from 1 on
  std::shared_ptr<const Owners> owners_ = std::make_shared<Owners>();
};

}  // namespace fanfare
