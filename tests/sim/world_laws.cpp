// SPDX-License-Identifier: Apache-2.0
// What the laws do to the world.
#include <algorithm>

#include "tests/sim/chat_world.h"

namespace fanfare::sim {

void ChatWorld::apply_laws() {
  const Second t = now();
  for (const Law& law : laws_) {
    if (t == law.begin) begin(law);
    if (law.holds(t)) run(law, t);
    if (t == law.end) end(law);
  }
}

void ChatWorld::close_sockets(unsigned node, double share, double pause_seconds) {
  for (const User user : crowd_.users_at(node))
    if (chance_.happens(share))
      crowd_.lose_socket(user, now_, 1 + chance_.uniform() * pause_seconds);
}

void ChatWorld::begin(const Law& law) {
  const unsigned nodes = std::max(1U, shape_.crowd.nodes);
  switch (law.kind) {
    case Kind::room_lost:
      dark_ = crowd_.largest_here();
      break;
    case Kind::clients_gone:
      for (const User user : crowd_.users_at(0))
        if (chance_.happens(law.amount)) crowd_.go_offline(user);
      crowd_.weights[0] = 0;
      break;
    case Kind::storm:
      for (unsigned node = 0; node < (law.more > 0 ? 1 : nodes); ++node)
        close_sockets(node, law.amount, 120);
      break;
    case Kind::restart:
      crowd_.weights[0] = 0;
      close_sockets(0, 1, 8);
      break;
    case Kind::restart_other: {
      const auto node = static_cast<unsigned>(law.amount);
      crowd_.weights[node] = 0;
      close_sockets(node, 1, 30);
      break;
    }
    case Kind::drain:
      crowd_.weights[0] = 0;
      break;
    case Kind::weight:
      crowd_.weights[0] = law.amount;
      break;
    case Kind::affinity:
      crowd_.affinity = law.amount;
      break;
    case Kind::screens:
      crowd_.screens = true;
      for (unsigned node = 0; node < nodes; ++node) close_sockets(node, 1, 30);
      break;
    case Kind::hot_room:
      hot_ = crowd_.largest_here();
      break;
    case Kind::live_event:
      hot_ = crowd_.largest_here();
      crowd_.gather(hot_, now_, law.amount, 300);
      break;
    case Kind::stalls:
      crowd_.stalls_per_minute = law.amount;
      break;
    case Kind::cell_stall:
      for (const User user : crowd_.users_at(0))
        if (chance_.happens(law.amount)) crowd_.stall(user, now_, law.more);
      break;
    default:
      break;
  }
}

void ChatWorld::run(const Law& law, Second t) {
  const double since = static_cast<double>(t - law.begin);
  switch (law.kind) {
    case Kind::lost:
      is_.lost = law.amount;
      break;
    case Kind::lost_remote:
      is_.lost_remote = law.amount;
      break;
    case Kind::lost_local:
      is_.lost_local = law.amount;
      break;
    case Kind::ramp:
      is_.lost = law.amount * std::min(1., since / law.more);
      break;
    case Kind::flapping:
      if ((t - law.begin) % 60 < 10) is_.lost = law.amount;
      break;
    case Kind::unserved:
      is_.unserved = law.amount;
      break;
    case Kind::doubled:
      is_.doubled = true;
      break;
    case Kind::delayed:
      is_.delay = law.amount;
      break;
    case Kind::creeping:
      is_.delay = law.amount * std::min(1., since / law.more);
      break;
    case Kind::wedged:
      is_.wedged_since = now_ - (t - law.begin);
      if (t == law.begin + 10) crowd_.weights[0] = 0;
      if (t > law.begin + 30)  // their pings go unanswered
        close_sockets(0, 1. / 30, 10);
      break;
    case Kind::publishes_fewer:
      is_.fewer = law.amount;
      break;
    case Kind::publishes_vanish:
      is_.vanish = law.amount;
      break;
    case Kind::capture_losses:
      is_.capture_losses = law.amount;
      break;
    case Kind::unsynced:
      is_.unsynced = law.amount;
      break;
    case Kind::traffic:
      is_.traffic *= law.amount;
      break;
    case Kind::restart:
    case Kind::election:
      is_.holds = true;
      break;
    case Kind::drain:
      close_sockets(0, 3 / law.more, 5);
      break;
    case Kind::rooms_left:
      empty_rooms_slowly(law);
      break;
    case Kind::empty_rooms:
      is_.empty += law.amount;
      is_.empty_rooms = std::max(is_.empty_rooms, law.more);
      break;
    case Kind::hot_room:
      is_.hot = law.amount;
      break;
    case Kind::live_event:
      is_.hot = law.more;
      break;
    case Kind::batching:
      is_.batch = law.amount;
      break;
    default:
      break;
  }
}

void ChatWorld::end(const Law& law) {
  switch (law.kind) {
    case Kind::room_lost:
      dark_ = UINT32_MAX;
      break;
    case Kind::wedged:
      close_sockets(0, 1, 5);
      [[fallthrough]];
    case Kind::clients_gone:
    case Kind::restart:
    case Kind::drain:
    case Kind::weight:
      crowd_.weights[0] = 1;
      break;
    case Kind::restart_other:
      crowd_.weights[static_cast<unsigned>(law.amount)] = 1;
      break;
    case Kind::affinity:
      crowd_.affinity = 0;
      break;
    case Kind::screens:
      crowd_.screens = false;
      break;
    case Kind::live_event:
      crowd_.scatter(hot_, .8);
      break;
    case Kind::stalls:
      crowd_.stalls_per_minute = shape_.crowd.stalls_per_minute;
      break;
    default:
      break;
  }
}

// Readers here leave some of the rooms one after another; their sockets stay open.
void ChatWorld::empty_rooms_slowly(const Law& law) {
  const double each_second = 4 / static_cast<double>(law.end - law.begin);
  for (Room room = 0; room < crowd_.rooms(); ++room) {
    if (share_of(room) >= law.amount || crowd_.readers(room).empty()) continue;
    const auto readers = crowd_.readers(room);
    const std::vector<Member> here(readers.begin(), readers.end());
    for (const Member member : here)
      if (chance_.happens(each_second)) crowd_.leave_room(member);
  }
}

}  // namespace fanfare::sim
