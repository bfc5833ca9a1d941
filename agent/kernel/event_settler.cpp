// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/event_settler.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto settle_time = 5s;  // as ratios/ has it: copies on their way have left by then
// An identity is forgotten after two turns of its maps, so it cannot come due any later than that.
constexpr auto may_come_due = 20s;
constexpr auto watched_for = 60s;  // from its coming due on

Monotonic since_due(const fanfare_event& event, Monotonic now) {
  return now - Monotonic(static_cast<Monotonic::rep>(event.due_ns));
}

// A copy to the publisher that ran ahead of what he published was taken for somebody else's.
void leave_publisher_out(fanfare_event& event) {
  auto* const end = std::end(event.to);
  auto* const own = std::find(std::begin(event.to), end, event.publisher);
  if (event.publisher == 0 || own == end) return;
  std::move(own + 1, end, own);
  *(end - 1) = 0;
  if (event.copies > 0) --event.copies;
  if (event.copies == 0) event.first_copy_ns = 0;
}

}  // namespace

// Tickets that are too old to come due, and those whose record has been reused.
void EventSettler::leave_behind(Monotonic now, std::uint64_t last) {
  while (!batches_.empty() && now - batches_.front().begun > may_come_due + settle_time) {
    done_ = std::max(done_, batches_.front().last);
    batches_.pop_front();
  }
  const std::uint64_t reused = last > told_.size() ? last - told_.size() : 0;
  for (; done_ < reused; ++done_) {
    const std::uint64_t ticket = done_ + 1;
    if (ticket > last_ || told_[ticket % told_.size()] != ticket) ++overtaken_;
  }
}

void EventSettler::tell_late(std::unordered_map<std::uint64_t, fanfare_event>::iterator missed,
                             const fanfare_event& copied, std::vector<ToldEvent>& told) {
  fanfare_event late = missed->second;
  late.first_copy_ns = copied.first_copy_ns;
  late.copies = copied.copies;
  std::copy(std::begin(copied.to), std::end(copied.to), std::begin(late.to));
  if (late.room == 0) late.room = copied.room;
  told.push_back({late, true});
  missed_.erase(missed);
}

void EventSettler::look_for_late(Monotonic now, const Read& read, std::vector<ToldEvent>& told) {
  for (auto missed = missed_.begin(); missed != missed_.end();) {
    const auto at = missed++;
    auto record = read(at->second.ticket);
    if (!record || since_due(at->second, now) > watched_for) {
      missed_.erase(at);
      continue;
    }
    leave_publisher_out(*record);
    if (record->copies > 0) tell_late(at, *record, told);
  }
}

void EventSettler::advance(Monotonic now, std::uint64_t last, const Read& read,
                           std::vector<ToldEvent>& told) {
  leave_behind(now, last);
  if (last > last_) batches_.push_back({now, last});
  last_ = last;
  look_for_late(now, read, told);
  for (std::uint64_t ticket = done_ + 1; ticket <= last; ++ticket) {
    auto& told_here = told_[ticket % told_.size()];
    if (told_here == ticket) continue;
    auto record = read(ticket);
    if (!record) continue;
    const bool settled = record->due_ns != 0 && since_due(*record, now) >= settle_time;
    // Forgotten meanwhile, an event that was missed is begun anew by its copy.
    if (record->due_ns == 0 && record->copies > 0 && !missed_.empty())
      if (const auto missed = missed_.find(record->identity); missed != missed_.end())
        tell_late(missed, *record, told);
    if (!settled) continue;
    told_here = ticket;
    leave_publisher_out(*record);
    told.push_back({*record, false});
    if (record->copies == 0) missed_.insert_or_assign(record->identity, *record);
  }
}

}  // namespace fanfare
