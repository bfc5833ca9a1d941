// SPDX-License-Identifier: Apache-2.0
// Who may stay where there is room for so many connections: the newest always comes in, and one
// that keeps us waiting gives way. So probes and scrapes get through beside any number of
// connections that never finish their request. Pure: closes nothing itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace fanfare {

struct SeatRoom {
  std::size_t all = 256;       // connections
  std::size_t of_a_peer = 32;  // address
};

class Seats {
 public:
  struct Seat {
    std::string peer;
    std::function<void()> leave;  // closes the connection; may be called long before it is gone
    bool reading = true;          // nothing to answer yet
    std::uint64_t turn = 0;       // of its last change
    bool left = false;
  };
  using Key = std::shared_ptr<Seat>;

  explicit Seats(SeatRoom room) : room_(room) {}

  // Somebody else may be told to leave for it.
  Key take(std::string peer, std::function<void()> leave);
  void give_back(const Key& seat);

  // A request has come whole; its answer has left. Who is being answered gives way last.
  void answering(const Key& seat);
  void reading(const Key& seat);

  std::size_t taken() const { return seats_.size(); }
  std::uint64_t displaced() const { return displaced_; }

 private:
  void move(const Key& seat, bool reading);
  void make_room(const std::string& peer);

  SeatRoom room_;
  // In order of their turn, those that are being read before those that are answered.
  std::map<std::pair<bool, std::uint64_t>, Key> seats_;
  std::map<std::string, std::size_t> of_peer_;
  std::uint64_t turns_ = 0;
  std::uint64_t displaced_ = 0;
};

}  // namespace fanfare
