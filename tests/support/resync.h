// SPDX-License-Identifier: Apache-2.0
// One trial of the search: a stream whose true frame borders are known is entered somewhere, and
// each lock is judged by where it says that the next frame begins. Not a driver: the bytes come as
// one segment, since any pieces give the same (stream_test).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/stream_feeder.h"

namespace fanfare::test {

// What became of the locks of one trial, or of many.
struct Locks {
  std::uint64_t right = 0;            // at a true border
  std::uint64_t broken = 0;           // ... and lost again: must never be
  std::uint64_t wrong = 0;            // at any other place; each is one of the next four
  std::uint64_t voided = 0;           // proved wrong on probation: everything taken back, by name
  std::uint64_t named = 0;            // proved wrong after probation: a loss BAD_FRAME, counts stay
  std::uint64_t converged = 0;        // ran into a true border and counted rightly from there
  std::uint64_t standing = 0;         // the bytes ended first
  std::uint64_t wrong_frames = 0;     // counted at wrong places and never taken back
  std::uint64_t wrong_messages = 0;   // events and controls among these
  std::uint64_t voided_messages = 0;  // as the loss FALSE_LOCK will say

  Locks& operator+=(const Locks& other) {
    right += other.right;
    broken += other.broken;
    wrong += other.wrong;
    voided += other.voided;
    named += other.named;
    converged += other.converged;
    standing += other.standing;
    wrong_frames += other.wrong_frames;
    wrong_messages += other.wrong_messages;
    voided_messages += other.voided_messages;
    return *this;
  }
};

inline constexpr std::size_t never = SIZE_MAX;

class Trial {
 public:
  // `borders` ascending, in bytes from the beginning of `bytes`; empty where nothing is a frame.
  Trial(std::string_view bytes, const std::vector<std::size_t>& borders, unsigned flags)
      : bytes_(bytes), is_border_(bytes.size() + 1), direction_(older(flags)) {
    for (const std::size_t border : borders) is_border_.at(border) = true;
    direction_.end = static_cast<std::uint32_t>(bytes.size());
    run();
  }

  const Locks& locks() const { return locks_; }
  // True borders passed until the first right lock; `never` without one.
  std::size_t frames_until_lock() const { return frames_until_lock_; }
  Counts counted() const { return counts(direction_); }

 private:
  enum class State { searching, right, wrong };

  void run() {
    bool more = true;
    while (more) {
      more = fanfare_step(&direction_, word_of(bytes_.substr(direction_.off)));
      const bool locked = direction_.stage == FANFARE_STAGE_FRAMES;
      if (locked && state_ == State::searching) on_lock();
      if (!locked && state_ != State::searching) on_loss();
      if (state_ == State::wrong && at_frame_start() && is_border_[direction_.off]) on_converged();
    }
    if (state_ == State::wrong) {
      ++locks_.standing;
      keep_wrong_counts();
    }
  }

  bool at_frame_start() const {
    return !direction_.skip && !direction_.ncarry && !(direction_.frame & FANFARE_FRAME_LENGTH64);
  }

  void on_lock() {
    const std::size_t next = direction_.off + direction_.skip;
    at_lock_ = counted();
    state_ = next < is_border_.size() && is_border_[next] ? State::right : State::wrong;
    ++(state_ == State::right ? locks_.right : locks_.wrong);
    if (state_ == State::right && frames_until_lock_ == never) {
      frames_until_lock_ = 0;
      for (std::size_t at = 0; at < next; ++at) frames_until_lock_ += is_border_[at];
    }
  }

  void on_loss() {
    if (state_ == State::right) ++locks_.broken;
    if (state_ == State::wrong)
      ++(direction_.fault == FANFARE_LOSS_FALSE_LOCK ? locks_.voided : locks_.named);
    keep_wrong_counts();
    locks_.voided_messages += direction_.voided;
    direction_.fault = 0;
    direction_.voided = 0;
    state_ = State::searching;
  }

  void on_converged() {
    ++locks_.converged;
    keep_wrong_counts();
    state_ = State::right;
  }

  void keep_wrong_counts() {
    if (state_ != State::wrong) return;
    const Counts now = counted();
    locks_.wrong_frames += now.frames - at_lock_.frames;
    locks_.wrong_messages += now.events + now.controls - at_lock_.events - at_lock_.controls;
  }

  std::string_view bytes_;
  std::vector<bool> is_border_;
  fanfare_direction direction_;
  State state_ = State::searching;
  Counts at_lock_;
  Locks locks_;
  std::size_t frames_until_lock_ = never;
};

}  // namespace fanfare::test
