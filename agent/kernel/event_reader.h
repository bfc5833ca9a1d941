// SPDX-License-Identifier: Apache-2.0
// The events that the programs follow one by one, where some shard has rooms. Included only inside
// this room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "agent/kernel/event_settler.h"
#include "agent/kernel/knobs.h"
#include "agent/kernel/probes.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

class EventReader {
 public:
  // Throws std::system_error.
  EventReader(const Probes& probes, const Knobs& knobs);

  // Puts what has settled by snapshot.taken into the snapshot, and what was lost by its ring.
  // Nothing where no shard has rooms.
  void read(Snapshot& snapshot);

 private:
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(const fanfare_event* events) const;
  };

  std::optional<fanfare_event> record(std::uint64_t ticket) const;

  const __u64& last_ticket_;
  std::size_t records_ = 0;  // 0: no shard has rooms
  std::unique_ptr<const fanfare_event, Unmap> events_;
  EventSettler settler_;
};

}  // namespace fanfare
