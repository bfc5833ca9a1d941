// SPDX-License-Identifier: Apache-2.0
// The way of one socket's messages from written to acknowledged or lost, from tick to tick. Adds
// what is new to the totals of its shard.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "agent/kernel/snapshot.h"
#include "agent/model/delivery.h"

namespace fanfare {

// How a client takes what it is sent.
enum class Pace : std::uint8_t {
  keeps_up,
  slow,   // something has waited for slow_after, unsent or unacknowledged
  stuck,  // ... for stuck_after
};
inline constexpr std::chrono::seconds slow_after{5};
inline constexpr std::chrono::seconds stuck_after{30};

// A socket that has got an event is silent after that time without another; one that has not got
// any since it opened, after the shorter one. Both only while its shard emits.
inline constexpr std::chrono::minutes silent_after{5};
inline constexpr std::chrono::minutes silent_from_birth_after{1};

// What a screen says of one socket beside its counts. Ages in seconds, 0: nothing waits.
struct SocketState {
  std::uint32_t unsent_bytes = 0;  // as of the last look at the owners
  float unsent_seconds = 0;
  float unacked_seconds = 0;
  Pace pace = Pace::keeps_up;
  bool silent = false;
  bool inner = false;
};

// Messages that wait for their acknowledgement, by enum fanfare_fate.
std::array<std::uint64_t, FANFARE_FATE_COUNT> in_flight(const fanfare_acks& acks);

// What became of the messages of a closed socket that had not been acknowledged when it went.
struct Ending {
  std::array<Fate, FANFARE_FATE_COUNT> fates{};  // acked, lost, unknown
  std::uint64_t unsent_bytes = 0;
  EndReason reason = EndReason::close;
};

// A mark whose last byte the final snd_una covers is acknowledged. One of which nothing is covered
// is lost. One that is covered in part is lost if it is one message, else unknown; so is what has
// no mark because its lock was never proven.
Ending ending_of(const fanfare_flow& flow);

class SocketDelivery {
 public:
  // One tick; adds to the totals. `owner`: of a scan that is newer than the last one this socket
  // was given, nullptr otherwise, or where nobody holds it. `emitted`: when the shard last wrote an
  // event to anybody, 0: never.
  void advance(const fanfare_flow& flow, Monotonic now, const Owner* owner, Monotonic emitted,
               Delivery& totals);

  // It goes on in other totals: what is in flight is unknown to the old and written in the new.
  void move(Delivery& from, Delivery& to) const;

  const SocketState& state() const { return state_; }
  void set_inner(bool inner) { state_.inner = inner; }
  // Nobody holds it any more: its process is gone or has closed it, TCP goes on alone.
  void set_orphan(bool orphan) { orphan_ = orphan; }

 private:
  void check(const fanfare_flow& flow, Delivery& totals);
  void count_acks(const fanfare_acks& acks, Delivery& totals);
  void count_end(const fanfare_flow& flow, Delivery& totals);
  void look_at_waiting(const fanfare_flow& flow, Monotonic now, const Owner* owner,
                       Delivery& totals);
  void look_at_silence(const fanfare_flow& flow, Monotonic now, Monotonic emitted,
                       Delivery& totals);

  std::array<std::uint64_t, FANFARE_FATE_COUNT> written_{}, acked_{}, tally_{};
  std::array<std::uint32_t, FANFARE_ACK_BUCKETS> event_times_{};
  std::array<std::uint64_t, FANFARE_FATE_COUNT> in_flight_{};
  std::uint64_t event_ticks_ = 0;
  std::uint64_t error_ = 0;  // messages by which the kernel's words disagreed at the last tick
  Monotonic first_seen_{};
  Monotonic unsent_since_{};     // 0: nothing is
  std::uint32_t unsent_at_ = 0;  // next_seq when state_.unsent_bytes was seen
  bool orphan_ = false;
  SocketState state_;
  bool proven_ = false;  // at the last tick: what was counted has a mark
  bool closed_ = false;  // at the last tick
  bool over_ = false;
};

}  // namespace fanfare
