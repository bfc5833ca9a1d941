// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/crowd.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fanfare::sim {
namespace {

constexpr std::uint32_t absent = UINT32_MAX;
constexpr double day = 86400;

std::uint32_t rounded(double value) { return static_cast<std::uint32_t>(value + .5); }

}  // namespace

Crowd::Crowd(const CrowdShape& shape, std::uint64_t seed) : shape_(shape), chance_(seed) {
  weights.fill(1);
  stalls_per_minute = shape.stalls_per_minute;
  screens = shape.screen_minutes > 0;
  const double users = std::max<double>(shape.pinned, shape.online * shape.users_for_each_online);
  users_.resize(std::max(2U, rounded(users)));
  build_rooms();
  for (User user = 0; user < users_.size(); ++user) {
    users_[user].mobile = chance_.happens(shape.mobile);
    users_[user].pinned = user < shape.pinned;
    if (users_[user].pinned || chance_.happens(shape.online / static_cast<double>(users_.size())))
      begin_session(user, 0);
  }
}

// Rooms get members until users have as many rooms as they should, on the average.
void Crowd::build_rooms() {
  const auto users = static_cast<std::uint32_t>(users_.size());
  const double wanted = shape_.rooms_per_user * users;
  std::vector<std::uint32_t> last_room(users, absent);
  std::vector<std::uint32_t> count(users, 0);
  const auto take = [&](User user, Room room) {
    if (last_room[user] == room) return;
    last_room[user] = room;
    ++count[user];
    member_user_.push_back(user);
    member_room_.push_back(room);
  };
  while (static_cast<double>(member_user_.size()) < wanted) {
    const Room room = static_cast<Room>(rooms_.size());
    const double size =
        shape_.smallest_room * std::pow(1 - chance_.uniform(), -1 / shape_.size_exponent);
    const auto members = rounded(std::min(size, .6 * users));
    const auto first = static_cast<std::uint32_t>(member_user_.size());
    for (std::uint32_t i = 0; i < std::max(2U, members); ++i) {
      const User user = chance_.below(users);
      take(user, room);
      if (user + 1 < users && share_of(user) < shape_.second_devices) take(user + 1, room);
    }
    rooms_.push_back(
        {.first = first, .capacity = static_cast<std::uint32_t>(member_user_.size()) - first});
  }
  std::uint32_t next = 0;
  for (User user = 0; user < users; ++user) {
    users_[user].first_member = next;
    next += count[user];
  }
  memberships_.resize(member_user_.size());
  for (Member member = 0; member < member_user_.size(); ++member) {
    Person& person = users_[member_user_[member]];
    memberships_[person.first_member + person.members++] = member;
  }
  slots_.resize(member_user_.size());
  member_place_.assign(member_user_.size(), absent);
  member_muted_.assign(member_user_.size(), 0);
}

void Crowd::begin_second() {
  gone.clear();
  left.clear();
  opened = released_copies = stalled_deaths = 0;
}

void Crowd::advance(Second now) {
  timers_.advance(now, [&](const Timer& timer) { happen(timer, now); });

  const double hour = 6.283185307179586 * static_cast<double>(now) / day;
  const double wanted = shape_.online * (1 + shape_.daily_swing * std::sin(hour));
  const double excess = std::clamp(2 - online() / std::max(1., wanted), 0., 2.);
  const double rate = wanted / (shape_.session_minutes * 60) * excess * arrivals;
  for (unsigned i = chance_.poisson(rate); i > 0; --i) {
    const User user = chance_.below(static_cast<std::uint32_t>(users_.size()));
    if (users_[user].node == offline) begin_session(user, now);
  }
  if (online() == 0) return;

  const auto some = [&](double per_minute, auto act) {
    for (unsigned i = chance_.poisson(online() * per_minute / 60); i > 0 && online() > 0; --i)
      act(someone());
  };
  some(1 / shape_.mobile_socket_minutes, [&](User user) {
    const Person& person = users_[user];
    const double kept =
        person.mobile ? 1 : shape_.mobile_socket_minutes / shape_.desktop_socket_minutes;
    if (chance_.happens(kept)) lose_socket(user, now, chance_.log_normal(person.mobile ? 8 : 2, 1));
  });
  some(stalls_per_minute, [&](User user) {
    if (users_[user].mobile) stall(user, now, chance_.log_normal(shape_.stall_seconds, 1));
  });
  if (shape_.screen_minutes > 0)
    some(1 / shape_.screen_minutes, [&](User user) { change_screen(user); });
}

void Crowd::happen(const Timer& timer, Second now) {
  Person& person = users_[timer.user];
  switch (timer.what) {
    case What::session_ends:
      if (person.node != offline && person.session == timer.life) go_offline(timer.user);
      break;
    case What::connects:
      if (person.node == pausing && person.socket_life == timer.life) connect(timer.user, now);
      break;
    case What::resumes:
      if (!person.stalled || person.socket_life != timer.life) break;
      if (person.resumes == 0) {
        stalled_deaths += person.node == 0;
        lose_socket(timer.user, now, chance_.exponential(10));
      } else {
        released_copies += person.withheld;
        unstall(timer.user);
      }
      break;
    case What::wakes:
      if (person.node == offline) begin_session(timer.user, now);
      break;
  }
}

void Crowd::begin_session(User user, Second now) {
  Person& person = users_[user];
  person.node = pausing;
  ++person.session;
  if (!person.pinned) {
    const double seconds = chance_.log_normal(shape_.session_minutes * 60, shape_.session_sigma);
    timers_.put(now, now + 1 + static_cast<Second>(seconds),
                {user, person.session, What::session_ends});
  }
  connect(user, now);
}

void Crowd::connect(User user, Second now) {
  Person& person = users_[user];
  unsigned node = 0;
  if (!person.pinned) {
    double total = 0;
    for (unsigned i = shape_.pinned > 0; i < shape_.nodes; ++i) total += weights[i];
    if (total <= 0) {  // nowhere to go yet
      timers_.put(now, now + 5, {user, person.socket_life, What::connects});
      return;
    }
    if (person.members > 0 && chance_.happens(affinity)) {
      node = mixed(member_room_[memberships_[person.first_member]]) % shape_.nodes;
    } else {
      double at = chance_.uniform() * total;
      for (node = shape_.pinned > 0; node + 1 < shape_.nodes && (at -= weights[node]) >= 0;) ++node;
    }
  } else if (weights[0] <= 0) {
    timers_.put(now, now + 5, {user, person.socket_life, What::connects});
    return;
  }
  person.node = static_cast<std::int8_t>(node);
  person.socket = mixed(++sockets_made_) | 1;
  ++person.socket_life;
  person.place = online();
  online_.push_back(user);
  if (node == 0) {
    ++here_;
    ++opened;
  }
  person.screen = screens && person.members > 0
                      ? memberships_[person.first_member + chance_.below(person.members)]
                      : absent;
  join(user);
}

void Crowd::disconnect(User user) {
  Person& person = users_[user];
  if (person.node < 0) return;
  part(user);
  if (person.node == 0) {
    --here_;
    gone.push_back(person.socket);
  }
  person.stalled = false;
  person.withheld = 0;
  person.socket = 0;
  ++person.socket_life;
  const User last = online_.back();
  online_[person.place] = last;
  users_[last].place = person.place;
  online_.pop_back();
  person.node = pausing;
}

void Crowd::lose_socket(User user, Second now, double pause_seconds) {
  disconnect(user);
  timers_.put(now, now + 1 + static_cast<Second>(pause_seconds),
              {user, users_[user].socket_life, What::connects});
}

void Crowd::go_offline(User user) {
  disconnect(user);
  users_[user].node = offline;
  ++users_[user].socket_life;
}

void Crowd::stall(User user, Second now, double seconds) {
  Person& person = users_[user];
  if (person.node < 0 || person.stalled) return;
  const bool dies = chance_.happens(.15);
  const Second end = now + 1 + static_cast<Second>(dies ? seconds + 15 : seconds);
  person.stalled = true;
  person.withheld = 0;
  person.resumes = dies ? 0 : end;
  timers_.put(now, end, {user, person.socket_life, What::resumes});
  if (person.node != 0) return;
  each_joined(user, [&](Member member) {
    Place& place = rooms_[member_room_[member]];
    swap_slots(member_place_[member], place.first + --place.flowing);
  });
}

void Crowd::unstall(User user) {
  Person& person = users_[user];
  person.stalled = false;
  person.withheld = 0;
  if (person.node != 0) return;
  each_joined(user, [&](Member member) {
    Place& place = rooms_[member_room_[member]];
    swap_slots(member_place_[member], place.first + place.flowing++);
  });
}

template <typename Act>
void Crowd::each_joined(User user, Act act) {
  const Person& person = users_[user];
  for (std::uint32_t i = 0; i < person.members; ++i) {
    const Member member = memberships_[person.first_member + i];
    if (member_place_[member] != absent) act(member);
  }
}

void Crowd::join(User user) {
  const Person& person = users_[user];
  for (std::uint32_t i = 0; i < person.members; ++i) {
    const Member member = memberships_[person.first_member + i];
    if (member_muted_[member] || (person.screen != absent && member != person.screen)) continue;
    add(member, person.node == 0);
  }
}

void Crowd::part(User user) {
  each_joined(user, [&](Member member) { remove(member); });
}

void Crowd::add(Member member, bool is_here) {
  Place& place = rooms_[member_room_[member]];
  if (!is_here) {
    move(place.first + place.capacity - ++place.elsewhere, member);
    return;
  }
  const std::uint32_t end = place.first + place.flowing;
  if (place.flowing < place.here) move(place.first + place.here, slots_[end]);
  move(end, member);
  ++place.flowing;
  ++place.here;
}

void Crowd::remove(Member member) {
  Place& place = rooms_[member_room_[member]];
  const std::uint32_t at = member_place_[member];
  if (at >= place.first + place.here) {
    swap_slots(at, place.first + place.capacity - place.elsewhere--);
  } else {
    std::uint32_t hole = at;
    if (at < place.first + place.flowing) {
      swap_slots(at, place.first + --place.flowing);
      hole = place.first + place.flowing;
    }
    swap_slots(hole, place.first + --place.here);
  }
  member_place_[member] = absent;
}

void Crowd::swap_slots(std::uint32_t a, std::uint32_t b) {
  const Member first = slots_[a];
  move(a, slots_[b]);
  move(b, first);
}

void Crowd::change_screen(User user) {
  Person& person = users_[user];
  if (person.screen == absent || person.stalled || person.members < 2) return;
  const Member before = person.screen;
  if (member_place_[before] != absent) remove(before);
  if (readers_leave_first_frame && person.node == 0)
    left.push_back({person.socket, mixed(member_room_[before] + 1)});
  person.screen = memberships_[person.first_member + chance_.below(person.members)];
  if (!member_muted_[person.screen]) add(person.screen, person.node == 0);
}

void Crowd::leave_room(Member member) {
  member_muted_[member] = 1;
  const Person& person = users_[member_user_[member]];
  if (member_place_[member] == absent) return;
  remove(member);
  if (readers_leave_first_frame && person.node == 0)
    left.push_back({person.socket, mixed(member_room_[member] + 1)});
}

bool Crowd::reads(User user, Room room) const {
  const Person& person = users_[user];
  for (std::uint32_t i = 0; i < person.members; ++i) {
    const Member member = memberships_[person.first_member + i];
    if (member_room_[member] == room) return member_place_[member] != absent;
  }
  return false;
}

Room Crowd::room_for(User user) {
  const Person& person = users_[user];
  if (person.members == 0) return absent;
  if (person.screen != absent) return member_room_[person.screen];
  Room room = absent;
  for (unsigned tries = 0; tries < shape_.looks_for_company; ++tries) {
    room = member_room_[memberships_[person.first_member + chance_.below(person.members)]];
    if (members_online(room) >= 2) break;
  }
  return room;
}

User Crowd::someone_in(Room room, User except) {
  const Place& place = rooms_[room];
  const std::uint32_t all = place.here + place.elsewhere;
  if (all == 0) return nobody;
  User user = nobody;
  for (int tries = 0; tries < 3; ++tries) {
    const std::uint32_t at = chance_.below(all);
    user = member_user_[slots_[at < place.here ? place.first + at
                                               : place.first + place.capacity - place.elsewhere +
                                                     at - place.here]];
    if (user != except) break;
  }
  return user;
}

Room Crowd::largest_here() const {
  const auto by_readers = [](const Place& a, const Place& b) { return a.here < b.here; };
  return static_cast<Room>(std::max_element(rooms_.begin(), rooms_.end(), by_readers) -
                           rooms_.begin());
}

void Crowd::wake(Room room, Second now) {
  const Place& place = rooms_[room];
  const User user = member_user_[place.first + chance_.below(place.capacity)];
  if (users_[user].node == offline)
    timers_.put(now, now + 3 + chance_.below(60), {user, 0, What::wakes});
}

void Crowd::gather(Room room, Second now, double share, std::uint32_t seconds) {
  const Place& place = rooms_[room];
  for (std::uint32_t i = 0; i < place.capacity; ++i)
    if (chance_.happens(share))
      timers_.put(now, now + 1 + chance_.below(seconds),
                  {member_user_[place.first + i], 0, What::wakes});
}

void Crowd::scatter(Room room, double share) {
  const Place& place = rooms_[room];
  for (std::uint32_t i = 0; i < place.capacity; ++i) {
    const User user = member_user_[place.first + i];
    if (!users_[user].pinned && chance_.happens(share)) go_offline(user);
  }
}

std::vector<User> Crowd::users_at(unsigned node) const {
  std::vector<User> users;
  for (const User user : online_)
    if (users_[user].node == static_cast<int>(node)) users.push_back(user);
  return users;
}

}  // namespace fanfare::sim
