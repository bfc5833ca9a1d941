// SPDX-License-Identifier: Apache-2.0
// Many trials of one kind of traffic: streams from fixed seeds, each entered at random places.
#pragma once

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/dice.h"
#include "tests/support/frames.h"
#include "tests/support/resync.h"

namespace fanfare::test {

struct Traffic {
  const char* name;
  std::function<std::string(Dice&)> payload;
  MessageShape shape;
};

struct Tried {
  std::uint64_t trials = 0;
  std::uint64_t without_lock = 0;  // within the frames that a trial lasts
  Locks locks;
  std::vector<std::size_t> frames_until_lock;  // ascending

  std::size_t until_lock(std::size_t percent) const {
    if (frames_until_lock.empty()) return never;
    return frames_until_lock[(frames_until_lock.size() - 1) * percent / 100];
  }
};

inline constexpr std::size_t stream_messages = 400;
inline constexpr std::size_t trial_frames = 150;

inline StreamBuilder stream_of(const Traffic& traffic, Dice& dice) {
  StreamBuilder stream;
  for (std::size_t i = 0; i < stream_messages; ++i) {
    const std::string payload = traffic.payload(dice);
    const std::string key = dice.bytes(4);
    if (traffic.shape.masked)
      stream.frame(
          {.opcode = traffic.shape.opcode, .payload = payload, .masked = true, .key = key});
    else
      stream.message(payload, traffic.shape);
    if (dice.one_in(25) && !traffic.shape.masked) stream.frame({ping, "beat"});
  }
  return stream;
}

// Enters `stream` at a random byte of its first half and follows it for `trial_frames` frames.
inline Trial enter(const StreamBuilder& stream, Dice& dice, unsigned flags) {
  const std::vector<std::size_t>& all = stream.borders();
  const std::size_t from = dice.below(all[all.size() / 2]);
  const auto first = std::lower_bound(all.begin(), all.end(), from);
  const auto last = first + std::min<std::ptrdiff_t>(trial_frames, all.end() - first - 1);
  std::vector<std::size_t> borders;
  for (auto border = first; border <= last; ++border) borders.push_back(*border - from);
  return {std::string_view(stream.bytes()).substr(from, *last - from), borders, flags};
}

inline Tried try_often(const Traffic& traffic, std::size_t streams, std::size_t entries) {
  Tried tried;
  const unsigned flags = traffic.shape.masked ? FANFARE_MASKED : 0;
  for (std::uint64_t seed = 0; seed < streams; ++seed) {
    Dice dice(seed);
    const StreamBuilder stream = stream_of(traffic, dice);
    for (std::size_t entry = 0; entry < entries; ++entry) {
      const Trial trial = enter(stream, dice, flags);
      ++tried.trials;
      tried.locks += trial.locks();
      if (trial.frames_until_lock() == never)
        ++tried.without_lock;
      else
        tried.frames_until_lock.push_back(trial.frames_until_lock());
    }
  }
  std::sort(tried.frames_until_lock.begin(), tried.frames_until_lock.end());
  return tried;
}

inline void print(const char* name, const Locks& locks) {
  std::cout << "  " << name << ": locks right " << locks.right << ", wrong " << locks.wrong
            << " (voided " << locks.voided << ", named " << locks.named << ", converged "
            << locks.converged << ", standing " << locks.standing << "); kept wrongly "
            << locks.wrong_frames << " frames, " << locks.wrong_messages << " messages; voided "
            << locks.voided_messages << " messages\n";
}

inline void print(const char* name, const Tried& tried) {
  std::cout << "  " << name << ": " << tried.trials << " trials, " << tried.without_lock
            << " without lock, frames until lock median " << tried.until_lock(50) << ", p95 "
            << tried.until_lock(95) << "\n";
  print(name, tried.locks);
}

}  // namespace fanfare::test
