// SPDX-License-Identifier: Apache-2.0
// Which events have settled, and which got their first copy only after that: read from a ring of
// records, the kernel's or a replay's, at each tick.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/kernel/snapshot.h"
#include "bpf/abi.h"

namespace fanfare {

class EventSettler {
 public:
  // The record that has this ticket, or none where it is being begun or has been reused.
  using Read = std::function<std::optional<fanfare_event>(std::uint64_t ticket)>;

  // `records` in the ring, a power of two.
  explicit EventSettler(std::size_t records) : told_(records) {}

  // `last` is the ticket that was taken last. Puts into `told` each event that came due a settle
  // time before `now`, once; and once more, late, one of those without a copy then, if a copy has
  // left within a minute of its coming due.
  void advance(Monotonic now, std::uint64_t last, const Read& read, std::vector<ToldEvent>& told);

  // Events whose record was reused before they were told, since the start; of some nobody knows
  // whether they would ever have been due.
  std::uint64_t overtaken() const { return overtaken_; }
  // Records that are looked at.
  std::uint64_t followed() const { return last_ - done_; }

 private:
  struct Batch {
    Monotonic begun;  // at the latest
    std::uint64_t last;
  };

  void leave_behind(Monotonic now, std::uint64_t last);
  void look_for_late(Monotonic now, const Read& read, std::vector<ToldEvent>& told);
  void tell_late(std::unordered_map<std::uint64_t, fanfare_event>::iterator missed,
                 const fanfare_event& copied, std::vector<ToldEvent>& told);

  std::vector<std::uint64_t> told_;  // by place in the ring: the ticket that was told
  std::deque<Batch> batches_;        // of the tickets that are looked at, oldest first
  std::uint64_t done_ = 0;           // no ticket up to this one is looked at
  std::uint64_t last_ = 0;
  std::uint64_t overtaken_ = 0;
  // By identity: told without a copy.
  std::unordered_map<std::uint64_t, fanfare_event> missed_;
};

}  // namespace fanfare
