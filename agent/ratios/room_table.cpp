// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/room_table.h"

#include <iterator>

namespace fanfare {

void RoomTable::erase(std::list<KnownRoom>::iterator room, Witnesses& witnesses) {
  for (const Witness witness : room->witnesses) witnesses.drop(witness);
  by_id_.erase(room->id);
  rooms_.erase(room);
}

KnownRoom* RoomTable::find(RoomId id, double now, Witnesses& witnesses) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  if (now - found->second->last_hit <= room_forgotten_seconds) return &*found->second;
  erase(found->second, witnesses);
  return nullptr;
}

KnownRoom& RoomTable::add(RoomId id, double now, Witnesses& witnesses) {
  if (rooms_.size() >= rooms_max) {
    const auto oldest = std::prev(rooms_.end());
    if (now - oldest->last_hit <= room_forgotten_seconds) ++forced_out_;
    erase(oldest, witnesses);
  }
  rooms_.push_front({.id = id, .last_hit = now, .last_event = now});
  by_id_.emplace(id, rooms_.begin());
  return rooms_.front();
}

void RoomTable::touch(KnownRoom& room, double now) {
  room.last_event = now;
  rooms_.splice(rooms_.begin(), rooms_, by_id_.at(room.id));
}

}  // namespace fanfare
