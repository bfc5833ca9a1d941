// SPDX-License-Identifier: Apache-2.0
// What became due in one tick and what has been seen of it once it has settled. Pure: time is
// given.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace fanfare {

// So long may an event be on its way before it counts as missing.
inline constexpr std::chrono::seconds settle_time{5};

// One tick, as a rule a second; a tick after missed ones is one long cohort.
struct Cohort {
  std::chrono::nanoseconds at{};  // CLOCK_MONOTONIC of its end
  std::chrono::nanoseconds span{};
  double due = 0;
  double seen = 0;
  // What `seen` may be filled up to by later ticks: `due` where each event is seen once.
  double capacity = 0;
  // The fewest client sockets from the tick before to the last one of its settle time: an event
  // whose sockets have gone meanwhile is not lost. As given to add(): those of now.
  std::uint64_t sockets = 0;
  std::uint64_t losses = 0;  // capture losses of this shard, whatever they concern
  // Of them, those that may stand for something seen, or for something due. They widen what is
  // known: evidence counts them as seen, what is learned as due.
  double maybe_seen = 0, maybe_due = 0;
  double surplus = 0;              // seen beyond the capacity, where it is dropped; see Surplus
  double elsewhere = 0;            // seen of what was due elsewhere: published on another node
  std::optional<double> coverage;  // of the client sockets, 0..1
  bool late = false;               // most of what is due comes late: nothing proves a recovery
  std::string unusable;            // why it proves nothing; empty where it does
};

enum class Surplus {
  dropped,  // seen never exceeds capacity: the rest was due at no time that is known
  kept,     // seen may exceed the capacity, which is a mean
};

// Cohorts that have not settled, oldest first. What a tick has seen beyond its own capacity fills
// the deficits of the cohorts still open, oldest first, as queues deliver. It is moved, not copied:
// lag at the borders of seconds, bursts after an election and steps of traffic cancel, while a loss
// is neither hidden nor put off, for lost events bring no surplus.
class Cohorts {
 public:
  explicit Cohorts(Surplus surplus) : surplus_(surplus) {}

  // In the order of their times.
  void add(Cohort cohort);
  // What is open proves nothing, for this reason.
  void spoil(const std::string& why);
  // The oldest, if it has settled at `now`; it is gone then. Call until empty.
  std::optional<Cohort> take(std::chrono::nanoseconds now);

 private:
  Surplus surplus_;
  std::deque<Cohort> open_;
  std::optional<std::uint64_t> last_sockets_;
};

}  // namespace fanfare
