// SPDX-License-Identifier: Apache-2.0
// The people of a chat: users, the rooms that they are members of, the sessions in which they come
// and go, the sockets of limited life that carry a session, to one of the shard's nodes each. Node
// 0 is the one that is looked at.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/model/events.h"
#include "tests/sim/chance.h"
#include "tests/sim/wheel.h"

namespace fanfare::sim {

using User = std::uint32_t;
using Room = std::uint32_t;
using Member = std::uint32_t;  // a user in a room
inline constexpr User nobody = UINT32_MAX;

struct CrowdShape {
  double online =
      0;  // users in a session, mean over the day, on all nodes; 0: as many as talk so much
  unsigned nodes = 3;
  // Exactly so many users stay on this node, always in a session; all others are elsewhere. 0: as
  // it comes.
  unsigned pinned = 0;
  double users_for_each_online = 5;
  double rooms_per_user = 6;
  double smallest_room = 2, size_exponent = 1.2;  // Pareto
  double second_devices = .15;                    // share of users with one more, in the same rooms
  double session_minutes = 20, session_sigma = 1.3;
  double mobile = .6;  // share of users
  double mobile_socket_minutes = 8, desktop_socket_minutes = 120;
  double stalls_per_minute = .01;  // of mobile sockets
  double stall_seconds = 8;
  double daily_swing = 0;          // 0..1: of `online` between noon and midnight
  unsigned looks_for_company = 1;  // rooms that one who writes looks into until somebody is there
  double screen_minutes = 0;       // > 0: a socket reads one room at a time, and changes so often
};

class Crowd {
 public:
  Crowd(const CrowdShape& shape, std::uint64_t seed);

  void begin_second();  // what the last second has brought is forgotten
  void advance(Second now);

  // --- who is where
  std::uint32_t rooms() const { return static_cast<std::uint32_t>(rooms_.size()); }
  std::uint32_t online() const { return static_cast<std::uint32_t>(online_.size()); }
  std::uint32_t sockets_here() const { return here_; }
  bool is_here(User user) const { return users_[user].node == 0; }
  bool is_stalled(User user) const { return users_[user].stalled; }
  SocketId socket(User user) const { return users_[user].socket; }
  User someone() { return online_[chance_.below(online())]; }
  // A room that the user reads or writes in now, one where others are, if that can be.
  Room room_for(User user);
  // Anybody who is in the room, on any node, but `except` if that can be.
  User someone_in(Room room, User except);
  Room largest_here() const;
  // Readers of the room on this node; the stalled ones, to whom nothing can be written, come last.
  std::span<const Member> readers(Room room) const {
    return {slots_.data() + rooms_[room].first, rooms_[room].here};
  }
  std::uint32_t members_online(Room room) const {
    return rooms_[room].here + rooms_[room].elsewhere;
  }
  std::uint32_t unstalled(Room room) const { return rooms_[room].flowing; }
  User user_of(Member member) const { return member_user_[member]; }
  bool reads(User user, Room room) const;
  // Copies that wait behind a stall; they leave when it ends.
  void withhold(User user) { ++users_[user].withheld; }
  // The second in which the stall ends; 0: by the end of the socket.
  Second resumes(User user) const { return users_[user].resumes; }
  // Somebody who is offline hears of an event, and comes.
  void wake(Room room, Second now);

  // --- what happens to them
  void lose_socket(User user, Second now, double pause_seconds);
  void go_offline(User user);
  void stall(User user, Second now, double seconds);
  void leave_room(Member member);  // for good, the socket stays
  // Offline members of the room begin a session within so many seconds, each with this chance.
  void gather(Room room, Second now, double share, std::uint32_t seconds);
  void scatter(Room room, double share);  // members of the room go offline
  std::vector<User> users_at(unsigned node) const;
  double arrivals = 1;               // factor on new sessions
  std::array<double, 16> weights{};  // of nodes, for new sockets
  double affinity = 0;
  bool screens = false;  // a new socket reads one room
  double stalls_per_minute = 0;
  bool readers_leave_first_frame = false;  // a leave frame tells of rooms left

  // --- of the last second, on this node
  std::vector<SocketId> gone;
  std::vector<LeftRoom> left;
  std::uint32_t opened = 0;
  std::uint32_t released_copies = 0;  // withheld ones that have left
  std::uint32_t stalled_deaths = 0;

 private:
  static constexpr std::int8_t offline = -1, pausing = -2;
  struct Person {
    std::int8_t node = offline;
    bool mobile = false;
    bool stalled = false;
    bool pinned = false;
    std::uint32_t place = 0;                     // in online_
    std::uint32_t session = 0, socket_life = 0;  // tell timers that are over
    std::uint32_t withheld = 0;
    std::uint32_t first_member = 0, members = 0;
    Member screen = UINT32_MAX;
    SocketId socket = 0;
    Second resumes = 0;
  };
  struct Place {
    std::uint32_t first = 0, capacity = 0;
    std::uint32_t here = 0, flowing = 0, elsewhere = 0;
  };
  enum class What : std::uint8_t { session_ends, connects, resumes, wakes };
  struct Timer {
    User user;
    std::uint32_t life;
    What what;
  };

  void build_rooms();
  void happen(const Timer& timer, Second now);
  void begin_session(User user, Second now);
  void connect(User user, Second now);
  void disconnect(User user);
  void unstall(User user);
  void join(User user);
  void part(User user);
  template <typename Act>
  void each_joined(User user, Act act);
  void add(Member member, bool is_here);
  void remove(Member member);
  void move(std::uint32_t to, Member member) {
    slots_[to] = member;
    member_place_[member] = to;
  }
  void swap_slots(std::uint32_t a, std::uint32_t b);
  void change_screen(User user);

  CrowdShape shape_;
  Chance chance_;
  std::vector<Person> users_;
  std::vector<Place> rooms_;
  std::vector<Member> slots_;      // by room: readers here, ..., readers elsewhere
  std::vector<User> member_user_;  // by member
  std::vector<Room> member_room_;
  std::vector<std::uint32_t> member_place_;  // in slots_, absent: not joined
  std::vector<std::uint8_t> member_muted_;   // left for good
  std::vector<Member> memberships_;          // by user
  std::vector<User> online_;
  std::uint32_t here_ = 0;
  SocketId sockets_made_ = 0;
  Wheel<Timer> timers_;
};

}  // namespace fanfare::sim
